import type { ReactNode } from "react";
import { Card } from "@/components/Card";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { relativeText } from "@/lib/time";
import type { Safety } from "./safety";
import css from "./Overview.module.css";

type Shield = "ok" | "info" | "warn";

/** A shield with a tick, a clock or an exclamation. */
function ShieldIcon({ kind }: { kind: Shield }) {
  const inner = { ok: "m8.6 12 2.4 2.4 4.4-4.8", info: "M12 8.6V12l2.4 1.6", warn: "M12 8.4v4.2M12 15.6v.1" }[kind];
  return (
    <span className={css.shield} data-tone={kind}>
      <svg width="26" height="26" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
        <path d="M12 2.8 4.6 5.4v6c0 4.6 3.1 8.2 7.4 9.8 4.3-1.6 7.4-5.2 7.4-9.8v-6z" />
        <path d={inner} />
      </svg>
    </span>
  );
}

interface BannerProps {
  safety: Safety | null;
  unread: readonly string[];
  action: ReactNode;
}

/** One sentence: am I safe? Then why not, then the next step. */
export function Banner({ safety, unread, action }: BannerProps) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const names = (list: readonly { name: string }[]) => list.slice(0, 3).map((vm) => vm.name).join(", ") + (list.length > 3 ? t.overview.more(list.length - 3) : "");
  const well = safety !== null && safety.all > 0 && safety.missing.length === 0 && unread.length === 0;
  const kind: Shield = safety === null ? "info" : well ? "ok" : "warn";
  const sentence = safety === null ? t.overview.bannerReading : safety.saved === 0 ? t.overview.bannerNone : safety.missing.length === 0 ? t.overview.bannerAll(safety.all) : t.overview.bannerSome(safety.saved, safety.all);
  const reasons = safety === null ? [] : [
    ...(safety.saved > 0 && safety.missing.length > 0 ? [t.overview.bannerMissing(names(safety.missing))] : []),
    ...(safety.saved > 0 && safety.missing.length === 0 && safety.oldest?.last_point ? [t.overview.bannerOldest(safety.oldest.name, relativeText(new Date(safety.oldest.last_point.taken_at), now, language))] : []),
    ...(safety.saved === 0 ? [t.overview.bannerNoneText] : []),
    ...(unread.length > 0 ? [t.overview.bannerUnreachable(unread.join(", "))] : []),
  ];
  return (
    <Card label={sentence} testId="banner">
      <div className={css.banner} data-kind={kind}>
        <ShieldIcon kind={kind} />
        <div className={css.bannerWords}>
          <h2 className={css.sentence} data-testid="sentence">{sentence}</h2>
          {reasons.map((reason) => <p key={reason} className={css.soft}>{reason}</p>)}
        </div>
        {safety !== null && !well ? action : null}
      </div>
    </Card>
  );
}
