import { useState } from "react";
import { Form } from "react-aria-components";
import type { CertificateView } from "@/api/generated/CertificateView";
import type { ServerView } from "@/api/generated/ServerView";
import { Button } from "@/components/Button";
import { Field } from "@/components/Field";
import { Sign } from "@/components/Glyph";
import { ShortFingerprint } from "@/components/Words";
import { useText } from "@/i18n/context";
import { CheckList } from "./CheckList";
import { RoleCard } from "./RoleCard";
import { useConnect, type Credentials } from "./useConnect";
import css from "./ConnectForm.module.css";

type Missing = Partial<Record<keyof Credentials, string>>;

interface ConnectFormProps {
  /** A server was added and all is well. */
  onConnected: (server: ServerView) => void;
  /** Whether backups can work with what was added last. */
  onWorks?: (works: boolean) => void;
}

const nobody = () => undefined;

/** Address, user and password; then the checks, one after the other. */
export function ConnectForm({ onConnected, onWorks = nobody }: ConnectFormProps) {
  const t = useText();
  const { state, test, trust, reset } = useConnect({ onConnected, onWorks });
  const [roleShown, setRoleShown] = useState(false);
  const [given, setGiven] = useState<Credentials>({ url: "", user: "root", password: "" });
  const [trusted, setTrusted] = useState<CertificateView | null>(null);
  const [missing, setMissing] = useState<Missing>({});
  const busy = state.at === "probing" || state.at === "adding" || (state.at === "added" && state.progress.running !== null);

  const check = (key: keyof Credentials) => {
    const words = { url: t.firstRun.addressMissing, user: t.firstRun.userMissing, password: t.firstRun.passwordMissing };
    return given[key].trim() === "" ? words[key] : undefined;
  };
  const set = (key: keyof Credentials) => (value: string) => {
    setGiven((before) => ({ ...before, [key]: value }));
    setMissing((before) => ({ ...before, [key]: undefined }));
    if (key === "url") {
      setTrusted(null);
      if (state.at !== "idle") reset();
    }
  };
  const run = () => {
    const found: Missing = { url: check("url"), user: check("user"), password: check("password") };
    setMissing(found);
    if (Object.values(found).some(Boolean)) return;
    void test({ ...given, url: given.url.trim() }, trusted);
  };
  const accept = (certificate: CertificateView) => {
    setTrusted(certificate);
    void trust(certificate, { ...given, url: given.url.trim() });
  };

  return (
    <div className={css.connect}>
      <Form onSubmit={(event) => { event.preventDefault(); if (!busy) run(); }}>
        <div className={css.fields}>
          <Field label={t.firstRun.address} testId="server-url" value={given.url} onChange={set("url")} error={missing.url ?? null} placeholder="esxi.example.lan" large autoFocus />
          <Field label={t.firstRun.user} testId="server-user" value={given.user} onChange={set("user")} error={missing.user ?? null} large />
          <Field label={t.firstRun.password} testId="server-password" type="password" value={given.password} onChange={set("password")} error={missing.password ?? null} large />
          <span className={css.button}>
            <Button type="submit" size="large" kind={state.at === "added" || state.at === "trust" ? "plain" : "primary"} isPending={busy} testId="server-test">
              {busy ? t.firstRun.testing : state.at === "idle" ? t.firstRun.test : t.firstRun.testAgain}
            </Button>
          </span>
        </div>
      </Form>
      <div className={css.under}>
        {trusted && state.at !== "trust" ? (
          <p className={css.trusted}>
            <Sign name="ok" size={11} />
            {t.firstRun.trustedToday}
            <ShortFingerprint value={trusted.sha256} />
          </p>
        ) : null}
        <span className={css.safer}><Button kind="quiet" size="small" aria-expanded={roleShown} onPress={() => setRoleShown(!roleShown)} testId="role-show">{t.firstRun.saferAccount}</Button></span>
      </div>
      {roleShown ? <div className={css.saferRole}><RoleCard /></div> : null}
      {state.at === "idle" ? <p className={css.hint}>{t.firstRun.checksWaiting}</p> : <CheckList state={state} onTrust={accept} onRefuse={reset} onAgain={run} />}
    </div>
  );
}
