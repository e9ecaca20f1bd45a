import type { ReactNode } from "react";
import { useAction } from "@/api/client";
import type { ErrorView } from "@/api/errors";
import type { LetterView } from "@/api/generated/LetterView";
import type { NoticeLevel } from "@/api/generated/NoticeLevel";
import type { NoticeWay } from "@/api/generated/NoticeWay";
import { Button } from "@/components/Button";
import { FailureCard } from "@/components/FailureCard";
import { Glyph, StateWord } from "@/components/Glyph";
import { Select } from "@/components/Select";
import { Switch } from "@/components/Switch";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { momentInText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import css from "./Notices.module.css";

interface WayProps {
  way: NoticeWay;
  icon: ReactNode;
  text: string;
  on: boolean;
  /** Left out for what is on by being there. */
  onSwitch?: (on: boolean) => void;
  /** Why it cannot be switched on yet. */
  open?: string | null;
  letters: readonly LetterView[];
  refused: ErrorView | null;
  children?: ReactNode;
  /** Its tests stand at its own lines. */
  ownTests?: boolean;
}

/** One way of notices: how it stands, its fields, the test, and what came of the last one. */
export function Way({ way, icon, text, on, onSwitch, open = null, letters, refused, children, ownTests = false }: WayProps) {
  const t = useText();
  const platform = usePlatform();
  const test = useTest(way, 0);
  const [last] = letters.filter((letter) => letter.way === way);
  const state = !on ? "off" : last?.state === "given-up" ? "failed" : last?.state === "waiting" && last.tries > 0 ? "waiting" : "on";
  const glyph = { off: "off", failed: "failed", waiting: "warned", on: "ok" } as const;
  const word = { off: t.notices.off, failed: t.notices.failing, waiting: t.notices.waits, on: t.notices.works };
  return (
    <section className={css.way} aria-label={t.notices.ways[way]} data-testid={`notice-${way}`} data-state={state}>
      <header className={css.who}>
        <Glyph name={glyph[state]} label={word[state]} />
        <span className={css.icon}>{icon}</span>
        <div className={css.names}><h3 className={css.name}>{t.notices.ways[way]}</h3><p className={css.second}>{text}</p></div>
      </header>
      <div className={css.fields}>{children}</div>
      <div className={css.end}>
        <div className={css.acts}>
          {ownTests ? null : <Button size="small" isDisabled={open !== null} isPending={test.isPending} onPress={test.run} testId={`notice-test-${way}`}>{test.isPending ? t.notices.testing : t.notices.test}</Button>}
          {onSwitch ? <Switch label={t.notices.turnOn(t.notices.ways[way])} isSelected={on} isDisabled={!on && open !== null} onChange={onSwitch} testId={`notice-on-${way}`} /> : null}
        </div>
        {open !== null && !on ? <p className={css.second}>{open}</p> : test.said === null && !test.error ? <Last letter={last} /> : null}
      </div>
      <Said test={test} way={way} />
      {refused ? <div className={css.wide}><FailureCard inset error={refused} onCopy={(words) => void platform.copyText(words)} testId={`notice-refused-${way}`} /></div> : null}
    </section>
  );
}

/** What became of the newest notice on a way. */
function Last({ letter }: { letter: LetterView | undefined }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  if (!letter) return null;
  const when = momentInText(new Date(letter.ended_at ?? letter.made_at), now, language);
  if (letter.state === "sent") return <StateWord glyph="ok">{t.notices.arrived(when)}</StateWord>;
  return letter.state === "given-up" ? <StateWord glyph="failed">{t.notices.refused(when)}</StateWord> : <StateWord glyph="warned">{t.notices.waiting(when)}</StateWord>;
}

export function useTest(way: NoticeWay, ping: number) {
  const action = useAction("notices.test");
  return { isPending: action.isPending, said: action.data?.said ?? null, error: action.error?.view ?? null, run: () => action.mutate({ way, ping }) };
}

/** What a test came to, in the words of the other side. */
export function Said({ test, way }: { test: ReturnType<typeof useTest>; way: NoticeWay }) {
  const t = useText();
  const platform = usePlatform();
  if (test.isPending || (test.said === null && !test.error)) return null;
  return (
    <div className={test.error ? css.wide : `${css.wide ?? ""} ${css.answer ?? ""}`} role="status" data-testid={`notice-said-${way}`}>
      {test.error ? <FailureCard inset error={test.error} onCopy={(words) => void platform.copyText(words)} /> : <StateWord glyph="ok">{test.said === "" ? t.notices.shown : t.notices.answered(test.said ?? "")}</StateWord>}
    </div>
  );
}

const levels: readonly NoticeLevel[] = ["failures", "warnings", "every-run"];

/** Which notices a way takes. */
export function Level({ way, value, onChange }: { way: NoticeWay; value: NoticeLevel; onChange: (level: NoticeLevel) => void }) {
  const t = useText();
  return <Select label={t.notices.level} options={levels.map((key) => ({ key, name: t.notices.levels[key] }))} value={value} onChange={(key) => onChange(key as NoticeLevel)} testId={`notice-level-${way}`} />;
}
