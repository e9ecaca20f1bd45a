import { Cloud, Server } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useAction } from "@/api/client";
import { checkOrder, useServerChecks, type CheckProgress } from "@/api/server-checks";
import type { ServerView } from "@/api/generated/ServerView";
import { Button } from "@/components/Button";
import { Card, CardBody, Facts } from "@/components/Card";
import { Confirm } from "@/components/Dialog";
import { FailureCard } from "@/components/FailureCard";
import { StateWord } from "@/components/Glyph";
import { toast } from "@/components/toasts";
import { Ago, Fingerprint, ShortFingerprint } from "@/components/Words";
import { useText } from "@/i18n/context";
import { usePlatform } from "@/platform/context";
import { Mounts } from "./Mounts";
import css from "./Settings.module.css";

interface ServerCardProps {
  server: ServerView;
  /** The lines of the checks; the application hands them in. */
  renderChecks: (progress: CheckProgress, again: () => void) => ReactNode;
}

/** One server: how it stands, who we are there, whose certificate we trust. */
export function ServerCard({ server, renderChecks }: ServerCardProps) {
  const t = useText();
  const platform = usePlatform();
  const { progress, run, reset } = useServerChecks(server.id);
  const remove = useAction("servers.remove");
  const [asking, setAsking] = useState<"remove" | "trust" | null>(null);
  const { made, running } = progress;
  const touched = running !== null || made.length > 0;
  const broken = made.find((check) => check.error)?.error ?? (touched ? null : server.error);
  const changed = broken?.code === "certificate-changed" && broken.seen_sha256 ? broken.seen_sha256 : null;
  const refused = { onError: (error: { view: { title: string } }) => toast({ tone: "bad", text: error.view.title || t.failure.unexpectedTitle }) };
  return (
    <Card label={server.name} testId={`server-${server.id}`}>
      <CardBody>
        <header className={css.cardHead}>
          <span className={css.bigIcon}>{server.kind === "vcenter" ? <Cloud size={22} strokeWidth={1.6} aria-hidden /> : <Server size={22} strokeWidth={1.6} aria-hidden />}</span>
          <div className={css.cardNames}><h3 className={css.cardTitle}>{server.name}</h3><p className={css.second} title={server.product}>{server.product}</p></div>
          <Button size="small" isPending={running !== null} onPress={run} testId={`server-test-${server.id}`}>{running !== null ? t.settings.testing : t.settings.test}</Button>
          <Button size="small" kind="danger" onPress={() => setAsking("remove")} testId={`server-remove-${server.id}`}>{t.settings.remove}</Button>
        </header>
        <Facts rows={[
          { name: t.settings.state, value: broken ? <StateWord glyph="warned">{t.settings.broken}</StateWord> : <StateWord glyph="ok">{t.settings.connected}</StateWord>, note: touched ? t.settings.passed(made.filter((check) => check.state === "good").length, checkOrder.length) : server.last_seen ? <Ago time={server.last_seen} /> : t.settings.neverSeen },
          { name: t.settings.address, value: <span data-selectable>{server.url}</span> },
          { name: t.settings.signedIn, value: server.user },
          { name: t.settings.certificate, value: server.pin ? <ShortFingerprint value={server.pin} /> : t.settings.certificateSystem, ...(server.pin ? { note: t.settings.certificatePinned } : {}) },
        ]} />
        {broken && (changed || !touched) ? (
          <div className={css.failure}>
            <FailureCard inset tone="warn" error={broken} onCopy={(text) => void platform.copyText(text)}
              actions={changed ? <Button kind="primary" onPress={() => setAsking("trust")} testId={`server-trust-${server.id}`}>{t.settings.trustAction}</Button> : undefined} />
          </div>
        ) : touched ? renderChecks(progress, run) : null}
        <Mounts server={server} />
      </CardBody>
      <Confirm isOpen={asking === "remove"} title={t.settings.removeServerTitle(server.name)} action={t.settings.removeServerYes} danger isPending={remove.isPending} testId="server-remove-confirm"
        onAction={() => remove.mutate({ server_id: server.id }, { ...refused, onSettled: () => setAsking(null) })} onClose={() => setAsking(null)}>{t.settings.removeServerText}</Confirm>
      <Trust server={server} seen={changed} isOpen={asking === "trust"} onClose={() => setAsking(null)} onTrusted={reset} />
    </Card>
  );
}

function Trust({ server, seen, isOpen, onClose, onTrusted }: { server: ServerView; seen: string | null; isOpen: boolean; onClose: () => void; onTrusted: () => void }) {
  const t = useText();
  const trust = useAction("servers.trust");
  if (!seen) return null;
  const yes = () => trust.mutate({ server_id: server.id, sha256: seen }, { onSuccess: onTrusted, onSettled: onClose, onError: (error) => toast({ tone: "bad", text: error.view.title || t.failure.unexpectedTitle }) });
  return (
    <Confirm isOpen={isOpen} title={t.settings.trustTitle(server.name)} action={t.settings.trustYes} isPending={trust.isPending} onAction={yes} onClose={onClose} testId="server-trust-confirm">
      <p>{t.settings.trustText}</p>
      <dl className={css.compare}>
        <dt>{t.settings.trustOld}</dt><dd>{server.pin ? <Fingerprint value={server.pin} /> : t.settings.certificateSystem}</dd>
        <dt>{t.settings.trustNew}</dt><dd><Fingerprint value={seen} /></dd>
      </dl>
    </Confirm>
  );
}
