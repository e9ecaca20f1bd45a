import { useEffect, useState, type ReactNode } from "react";
import type { ApiError } from "@/api/errors";
import { useLanguage, useText } from "@/i18n/context";
import { clockText } from "@/lib/time";
import { Button } from "./Button";
import { Sign } from "./Glyph";
import css from "./States.module.css";

interface EmptyStateProps {
  icon: ReactNode;
  title: string;
  text?: string;
  action?: ReactNode;
  testId?: string;
}

/** An empty screen names the next step. */
export function EmptyState({ icon, title, text, action, testId }: EmptyStateProps) {
  return (
    <div className={css.empty} data-testid={testId ?? "empty"}>
      <span className={css.icon}>{icon}</span>
      <h2 className={css.title}>{title}</h2>
      {text ? <p className={css.text}>{text}</p> : null}
      {action ? <div className={css.action}>{action}</div> : null}
    </div>
  );
}

/** How long something has been going on, in the steps that loading is shown in. */
function useWait(): "nothing" | "bars" | "words" | "long" {
  const [wait, setWait] = useState<"nothing" | "bars" | "words" | "long">("nothing");
  useEffect(() => {
    const timers = [setTimeout(() => setWait("bars"), 300), setTimeout(() => setWait("words"), 1000), setTimeout(() => setWait("long"), 6000)];
    return () => timers.forEach(clearTimeout);
  }, []);
  return wait;
}

/** Nothing below 300 ms, plain bars to 1 s, then a sentence. Never a spinner. */
export function Loading({ what, usual }: { what: string; usual?: string }) {
  const t = useText();
  const wait = useWait();
  return (
    <div className={css.loading} aria-busy="true" data-testid="loading" data-wait={wait}>
      {wait === "words" || wait === "long" ? (
        <p role="status">
          <span className={css.what}>{what}</span>{" "}
          <span className={css.usual}>{wait === "long" ? t.common.readingLong : usual}</span>
        </p>
      ) : null}
      {wait === "nothing" ? null : (
        <div className={css.bars}>
          <span /><span /><span />
        </div>
      )}
    </div>
  );
}

/** What is shown is old, and why. It goes away by itself. */
export function StaleNote({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className={css.stale} role="status" data-testid="stale">
      <Sign name="warned" />
      <span className={css.staleText}>{children}</span>
      {action}
    </div>
  );
}

interface StaleAnswerProps {
  answer: { data: unknown; error: ApiError | null; dataUpdatedAt: number; isFetching: boolean; refetch: () => unknown };
}

/** Over a list that could not be read again: since when it is as it is shown, and why. */
export function StaleAnswer({ answer }: StaleAnswerProps) {
  const t = useText();
  const language = useLanguage();
  if (!answer.error || answer.data === undefined) return null;
  const { title } = answer.error.view;
  return <StaleNote action={<Button size="small" isPending={answer.isFetching} onPress={() => void answer.refetch()}>{t.common.tryAgain}</Button>}>{t.common.seenAt(clockText(new Date(answer.dataUpdatedAt), language))} {title || t.failure.unexpectedTitle}</StaleNote>;
}
