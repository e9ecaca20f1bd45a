import { Plus, Server } from "lucide-react";
import type { ReactNode } from "react";
import { useCommand } from "@/api/client";
import type { CheckProgress } from "@/api/server-checks";
import type { ServerView } from "@/api/generated/ServerView";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { PanelDialog } from "@/components/Dialog";
import { FailureCard } from "@/components/FailureCard";
import { Sentence } from "@/components/Page";
import { EmptyState, Loading, StaleAnswer } from "@/components/States";
import { toast } from "@/components/toasts";
import { useText } from "@/i18n/context";
import { usePlatform } from "@/platform/context";
import { ServerCard } from "./ServerCard";
import css from "./Settings.module.css";

interface ServersSectionProps {
  adding: boolean;
  onAdding: (open: boolean) => void;
  renderConnect: (connected: (server: ServerView) => void) => ReactNode;
  renderChecks: (progress: CheckProgress, again: () => void) => ReactNode;
}

/** The servers VMs are read from. */
export function ServersSection({ adding, onAdding, renderConnect, renderChecks }: ServersSectionProps) {
  const t = useText();
  const platform = usePlatform();
  const answer = useCommand("servers.list", {});
  const connected = () => {
    toast({ tone: "ok", text: t.settings.serverAdded });
    // The last check is seen to pass before the panel goes.
    setTimeout(() => onAdding(false), 1200);
  };
  return (
    <>
      <div className={css.top}>
        <Sentence under={t.settings.serversText}>{t.settings.servers}</Sentence>
        <Button icon={<Plus size={15} strokeWidth={2} aria-hidden />} onPress={() => onAdding(true)} testId="server-add">{t.settings.addServer}</Button>
      </div>
      <StaleAnswer answer={answer} />
      {answer.isPending ? <Loading what={t.common.reading} /> : null}
      {answer.error && !answer.data ? <FailureCard error={answer.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" onPress={() => void answer.refetch()}>{t.common.tryAgain}</Button>} /> : null}
      {answer.data?.servers.length === 0 ? <Card><EmptyState icon={<Server size={36} strokeWidth={1.2} aria-hidden />} title={t.settings.noServers} text={t.settings.noServersText} /></Card> : null}
      <div className={css.cards}>{answer.data?.servers.map((server) => <ServerCard key={server.id} server={server} renderChecks={renderChecks} />)}</div>
      <PanelDialog isOpen={adding} label={t.settings.addServer} onClose={() => onAdding(false)}>
        <Sentence under={t.firstRun.connectText}>{t.settings.addServer}</Sentence>
        <div className={css.panelForm}>{renderConnect(connected)}</div>
        <div className={css.panelFoot}><Button onPress={() => onAdding(false)} testId="server-add-close">{t.common.close}</Button></div>
      </PanelDialog>
    </>
  );
}
