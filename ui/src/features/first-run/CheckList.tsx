import { useEffect, useState } from "react";
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
import css from "./ConnectForm.module.css";

const glyphs: Record<CheckLine["state"], GlyphName> = { waiting: "next", running: "running", passed: "ok", failed: "failed" };

/** All checks come back at once; they are shown in the order they were made, a moment apart. */
function useReveal(state: ConnectState): number {
  const all = state.at === "checked";
  const [shown, setShown] = useState(2);
  useEffect(() => {
    if (!all) return undefined;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const timer = setInterval(() => setShown((count) => (still ? 99 : count + 1)), 140);
    return () => {
      clearInterval(timer);
      setShown(2);
    };
  }, [all]);
  return all ? shown : 99;
}

interface CheckListProps {
  state: ConnectState;
  onTrust: (certificate: CertificateView) => void;
  onRefuse: () => void;
  onAgain: () => void;
}

/** The checks of a server with their results; a failure opens its card in place. */
export function CheckList({ state, onTrust, onRefuse, onAgain }: CheckListProps) {
  const t = useText();
  const platform = usePlatform();
  const shown = useReveal(state);
  const names: Record<ServerCheckKind, string> = {
    reach: t.firstRun.checkReach, certificate: t.firstRun.checkCertificate, "sign-in": t.firstRun.checkSignIn,
    licence: t.firstRun.checkLicence, rights: t.firstRun.checkRights, inventory: t.firstRun.checkInventory,
  };
  const lines = checkLines(state, {
    reach: t.firstRun.foundReach,
    signIn: t.firstRun.foundSignIn,
    vms: t.firstRun.foundVms,
    certificate: (certificate) => (certificate.trusted_by_system ? t.firstRun.foundCertificateSystem : t.firstRun.foundCertificatePin),
  }).map((line, index): CheckLine => (index < shown ? line : { ...line, state: index === shown ? "running" : "waiting", found: null, error: null }));
  return (
    <ol className={css.list} aria-label={t.firstRun.checks} data-testid="server-checks">
      {lines.map((line) => {
        const asks = state.at === "trust" && line.kind === "certificate";
        const state_ = asks ? "asks" : line.state;
        return (
          <li key={line.kind} className={css.line} data-state={state_} data-testid={`check-${line.kind}`}>
            <div className={css.row}>
              <Glyph name={asks ? "warned" : glyphs[line.state]} />
              <span className={css.name}>{names[line.kind]}</span>
              <span className={css.found}>{line.state === "running" && !asks ? t.firstRun.checking : line.state === "failed" ? line.error?.title : line.found}</span>
              {line.state === "failed" ? <span className={css.end}>{t.firstRun.failed}</span> : null}
            </div>
            {asks ? <TrustCard certificate={state.certificate} onTrust={onTrust} onRefuse={onRefuse} /> : null}
            {line.error ? (
              <div className={css.card}>
                <FailureCard inset error={line.error} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" onPress={onAgain}>{t.firstRun.testAgain}</Button>} />
              </div>
            ) : null}
          </li>
        );
      })}
    </ol>
  );
}

function TrustCard({ certificate, onTrust, onRefuse }: { certificate: CertificateView; onTrust: (certificate: CertificateView) => void; onRefuse: () => void }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  return (
    <div className={css.card}>
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
    </div>
  );
}
