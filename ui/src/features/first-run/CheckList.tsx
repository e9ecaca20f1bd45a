import type { ReactNode } from "react";
import type { CertificateView } from "@/api/generated/CertificateView";
import type { ServerCheckKind } from "@/api/generated/ServerCheckKind";
import { Button } from "@/components/Button";
import { FailureCard } from "@/components/FailureCard";
import { Glyph, type GlyphName } from "@/components/Glyph";
import { Fingerprint, useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { dateText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { checkLines, type CheckLine, type ConnectState } from "./checks";
import { MissingRights } from "./MissingRights";
import css from "./ConnectForm.module.css";

const glyphs: Record<CheckLine["state"], GlyphName> = { waiting: "next", running: "running", good: "ok", warning: "warned", failed: "failed" };

interface CheckLinesProps {
  lines: readonly CheckLine[];
  /** A question that stands in a line instead of its result. */
  asks?: { kind: ServerCheckKind; question: ReactNode } | null;
  onAgain: () => void;
}

/** Five lines that tick one after the other; a failure or missing rights open a card in place. */
export function CheckLines({ lines, asks = null, onAgain }: CheckLinesProps) {
  const t = useText();
  const platform = usePlatform();
  const names: Record<ServerCheckKind, string> = {
    reach: t.firstRun.checkReach, "sign-in": t.firstRun.checkSignIn, version: t.firstRun.checkVersion,
    licence: t.firstRun.checkLicence, rights: t.firstRun.checkRights,
  };
  return (
    <ol className={css.list} aria-label={t.firstRun.checks} aria-live="polite" data-testid="server-checks">
      {lines.map((line) => {
        const asking = asks?.kind === line.kind;
        return (
          <li key={line.kind} className={css.line} data-state={asking ? "asks" : line.state} data-testid={`check-${line.kind}`}>
            <div className={css.row}>
              <Glyph name={asking ? "warned" : glyphs[line.state]} />
              <span className={css.name}>{names[line.kind]}</span>
              <span className={css.found}>{asking ? null : line.state === "running" ? t.firstRun.checking : line.found}</span>
              {asking ? null : line.state === "failed" ? <span className={css.end}>{t.firstRun.failed}</span> : line.state === "warning" ? <span className={css.end}>{t.firstRun.warning}</span> : null}
            </div>
            {asking ? <div className={css.card}>{asks.question}</div> : null}
            {line.error ? (
              <div className={css.card}>
                <FailureCard inset error={line.error} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" onPress={onAgain}>{t.firstRun.testAgain}</Button>} />
              </div>
            ) : null}
            {line.missing.length > 0 ? <div className={css.card}><MissingRights missing={line.missing} /></div> : null}
          </li>
        );
      })}
    </ol>
  );
}

interface CheckListProps {
  state: ConnectState;
  onTrust: (certificate: CertificateView) => void;
  onRefuse: () => void;
  onAgain: () => void;
}

/** The checks of a server that is being added. Its certificate is asked about before the password is sent. */
export function CheckList({ state, onTrust, onRefuse, onAgain }: CheckListProps) {
  const t = useText();
  const lines = checkLines(state, { reach: t.firstRun.foundReach, signIn: t.firstRun.foundSignIn });
  const asks = state.at === "trust" ? { kind: "sign-in" as const, question: <TrustCard certificate={state.certificate} onTrust={onTrust} onRefuse={onRefuse} /> } : null;
  return <CheckLines lines={lines} asks={asks} onAgain={onAgain} />;
}

function TrustCard({ certificate, onTrust, onRefuse }: { certificate: CertificateView; onTrust: (certificate: CertificateView) => void; onRefuse: () => void }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  return (
    <div className={css.trust} role="group" aria-label={t.firstRun.trustTitle} data-testid="trust-card">
      <h3>{t.firstRun.trustTitle}</h3>
      <p>{t.firstRun.trustText}</p>
      <dl>
        <dt>{t.firstRun.trustSha}</dt>
        <dd data-testid="trust-sha256"><Fingerprint value={certificate.sha256} /></dd>
        <dt>{t.firstRun.trustSubject}</dt>
        <dd>{certificate.subject}</dd>
        {certificate.not_after ? (
          <>
            <dt>{t.firstRun.trustUntil}</dt>
            <dd>{dateText(new Date(certificate.not_after), now, language)}</dd>
          </>
        ) : null}
      </dl>
      <div className={css.buttons}>
        <Button kind="primary" onPress={() => onTrust(certificate)} testId="trust-yes" autoFocus>{t.firstRun.trustYes}</Button>
        <Button kind="quiet" onPress={onRefuse} testId="trust-no">{t.common.notNow}</Button>
      </div>
    </div>
  );
}
