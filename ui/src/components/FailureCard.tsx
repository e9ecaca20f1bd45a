import { Copy } from "lucide-react";
import { Button as AriaButton, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import type { ReactNode } from "react";
import type { ErrorView } from "@/api/errors";
import { useText } from "@/i18n/context";
import { Button } from "./Button";
import { Glyph } from "./Glyph";
import css from "./FailureCard.module.css";

interface FailureCardProps {
  error: ErrorView;
  /** Buttons, the fix first. */
  actions?: ReactNode;
  onCopy: (text: string) => void;
  /** An unknown certificate is amber: nothing failed, somebody has to decide. */
  tone?: "bad" | "warn";
  /** Inside another card: no card of its own around it. */
  inset?: boolean;
  /** Who and when, as the first line. */
  what?: string;
  /** The title stands above it already. */
  untitled?: boolean;
  testId?: string;
}

/** What an error says as text, for a mail to somebody who can help. */
export function errorText(error: ErrorView, words: { risk: string; doThis: string }): string {
  return [error.title, `${words.risk} ${error.risk}`, error.hints.length > 0 ? `${words.doThis}: ${error.hints.join(" / ")}` : "", `[${error.code}] ${error.detail}`].filter(Boolean).join("\n");
}

/** Title in plain words, what is at risk, what to do, then buttons with the fix first. Details are folded. */
export function FailureCard({ error, actions, onCopy, tone = "bad", inset, what, untitled, testId }: FailureCardProps) {
  const t = useText();
  const title = error.title || t.failure.unexpectedTitle;
  const risk = error.risk || t.failure.unexpectedRisk;
  const [first, ...more] = error.hints;
  return (
    <section className={css.card} data-tone={tone} data-inset={inset || undefined} role="alert" data-testid={testId ?? "failure"} data-code={error.code}>
      {inset ? null : <Glyph name={tone === "bad" ? "failed" : "warned"} />}
      <div className={css.content}>
        {untitled ? null : <h2 className={css.title}>{title}</h2>}
        <dl className={css.facts} data-top={untitled || undefined}>
          {what === undefined ? null : (
            <>
              <dt>{t.failure.what}</dt>
              <dd>{what}</dd>
            </>
          )}
          <dt>{t.failure.risk}</dt>
          <dd>{risk}</dd>
          {first === undefined ? null : (
            <>
              <dt>{t.failure.doThis}</dt>
              <dd>
                {first}
                {more.map((hint) => <span key={hint} className={css.hint}>{hint}</span>)}
              </dd>
            </>
          )}
        </dl>
        <Disclosure className={css.more ?? ""}>
          <div className={css.buttons}>
            {actions}
            {error.detail ? (
              <Heading className={css.fold ?? ""}>
                <AriaButton slot="trigger" className={css.trigger ?? ""}>
                  <svg width="10" height="10" viewBox="0 0 12 12" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"><path d="M4.5 2.5 8 6 4.5 9.5" /></svg>
                  {t.common.details}
                </AriaButton>
              </Heading>
            ) : null}
          </div>
          <DisclosurePanel>
            <div className={css.detail}>
              <pre className={css.raw}>{error.detail}</pre>
              <Button kind="quiet" size="small" icon={<Copy size={14} strokeWidth={1.8} aria-hidden />} onPress={() => onCopy(errorText(error, t.failure))}>{t.common.copyText}</Button>
            </div>
          </DisclosurePanel>
        </Disclosure>
      </div>
    </section>
  );
}
