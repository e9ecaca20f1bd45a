import type { ErrorView } from "@/api/errors";
import type { NoticesView } from "@/api/generated/NoticesView";
import { Card } from "@/components/Card";
import { Checkbox } from "@/components/Choice";
import { FailureCard } from "@/components/FailureCard";
import { Select } from "@/components/Select";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { momentInText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import type { Change } from "./useNotices";
import css from "./Notices.module.css";

const hours = Array.from({ length: 24 }, (_, hour) => ({ key: String(hour), name: `${String(hour).padStart(2, "0")}:00` }));

/** The notice that sums up a week. */
export function Digest({ view, change, refused }: { view: NoticesView; change: Change; refused: ErrorView | null }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const { digest, mail, webhook } = view.settings;
  const set = (part: Partial<typeof digest>) => void change("digest", (all) => ({ ...all, digest: { ...all.digest, ...part } }));
  return (
    <Card label={t.notices.digest} testId="notice-digest">
      <div className={css.digest}>
        <div className={css.digestText}>
          <h3 className={css.name}>{t.notices.digest}</h3>
          <p className={css.second}>{t.notices.digestText} {view.next_digest ? t.notices.digestNext(momentInText(new Date(view.next_digest), now, language)) : t.notices.digestOff}</p>
        </div>
        <Checkbox isSelected={digest.mail} isDisabled={!digest.mail && (mail.server === "" || mail.to.length === 0)} onChange={(on) => set({ mail: on })} testId="digest-mail">{t.notices.byMail}</Checkbox>
        <Checkbox isSelected={digest.webhook} isDisabled={!digest.webhook && webhook.url === ""} onChange={(on) => set({ webhook: on })} testId="digest-webhook">{t.notices.byWebhook}</Checkbox>
        <Select bare label={t.notices.day} options={t.schedules.long.map((name, index) => ({ key: String(index + 1), name }))} value={String(digest.weekday)} onChange={(key) => set({ weekday: Number(key) })} testId="digest-day" />
        <Select bare label={t.notices.hour} options={hours} value={String(digest.hour)} onChange={(key) => set({ hour: Number(key) })} testId="digest-hour" />
      </div>
      {refused ? <div className={css.refused}><FailureCard inset error={refused} onCopy={(text) => void platform.copyText(text)} /></div> : null}
    </Card>
  );
}
