import { useQueryClient } from "@tanstack/react-query";
import { Cloud, RefreshCw, Server } from "lucide-react";
import { useState } from "react";
import { keyOf, useAction } from "@/api/client";
import type { ServerInventory } from "@/api/inventories";
import { Button } from "@/components/Button";
import { FailureCard } from "@/components/FailureCard";
import { Tag } from "@/components/Glyph";
import { Loading, StaleNote } from "@/components/States";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { relativeText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { BackupButton } from "./BackupButton";
import { useBackup } from "./useBackup";
import { within, type TreeKey } from "@/api/tree-nodes";
import { useStanding } from "@/api/vm-state";
import { VmPicker } from "./VmPicker";
import css from "./Details.module.css";

interface ServerDetailsProps {
  of: ServerInventory;
  /** Where to look for the container. */
  order: TreeKey;
  /** A container of the server whose VMs alone are wanted. */
  group: string | null;
  onStarted: (runId: string) => void;
  /** Where a changed certificate is compared and trusted. */
  onTrust: () => void;
}

/** One server or a container on it: its VMs to tick and save together. */
export function ServerDetails({ of, order, group, onStarted, onTrust }: ServerDetailsProps) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const queries = useQueryClient();
  const [ticked, setTicked] = useState<Set<string>>(new Set());
  const { server, inventory } = of;
  const { standing } = useStanding();
  const backup = useBackup(server.id, onStarted);
  const again = useAction("inventory.get");
  const read = inventory.data ? t.inventory.readAt(relativeText(new Date(inventory.data.read_at), now, language)) : "";
  const reread = () => again.mutate({ server_id: server.id, refresh: true }, { onSuccess: (fresh) => queries.setQueryData(keyOf("inventory.get", { server_id: server.id, refresh: false }), fresh) });
  const tree = inventory.data?.trees[order];
  const container = group === null ? undefined : tree?.groups.find((one) => one.id === group);
  const shown = inventory.data && tree ? { ...inventory.data, vms: within(inventory.data, tree, group) } : undefined;
  const failure = again.error?.view ?? inventory.error?.view ?? null;
  const changed = failure?.code === "certificate-changed";
  return (
    <div className={css.details} data-testid="server-details" data-name={server.name}>
      <header className={css.head}>
        <span className={css.bigIcon}>{server.kind === "vcenter" ? <Cloud size={22} strokeWidth={1.6} aria-hidden /> : <Server size={22} strokeWidth={1.6} aria-hidden />}</span>
        <div className={css.titles}>
          <div className={css.titleRow}>
            <h2 className={css.title}>{container?.name ?? server.name}</h2>
            <Tag>{container ? t.inventory.kinds[container.kind] : server.kind === "vcenter" ? t.inventory.serverVcenter : t.inventory.serverEsxi}</Tag>
          </div>
          <p className={css.under}>{[container ? server.name : server.product, read].filter(Boolean).join(" · ")}</p>
        </div>
        <div className={css.buttons}>
          <Button icon={<RefreshCw size={14} strokeWidth={1.8} aria-hidden />} onPress={reread} isPending={again.isPending} testId="server-read-again">{t.inventory.readAgain}</Button>
          <BackupButton backup={backup} vms={[...ticked]} name={t.inventory.backUpChosen(ticked.size)} primary testId="server-backup" />
        </div>
      </header>
      {failure && inventory.data ? <StaleNote>{t.inventory.stale(server.name, relativeText(new Date(inventory.data.read_at), now, language))}</StaleNote> : null}
      {failure && !inventory.data ? <FailureCard error={failure} onCopy={(text) => void platform.copyText(text)} tone={changed ? "warn" : "bad"}
        actions={changed ? <Button kind="primary" onPress={onTrust} testId="server-compare">{t.settings.trustAction}</Button> : <Button kind="primary" isPending={inventory.isFetching} onPress={() => void inventory.refetch()}>{t.common.tryAgain}</Button>} /> : null}
      {backup.error ? <FailureCard error={backup.error} onCopy={(text) => void platform.copyText(text)} /> : null}
      {(inventory.data?.under ?? []).map((under) => <StaleNote key={under.server_id}>{t.inventory.under(under.vms, under.server_name)}</StaleNote>)}
      {shown ? <VmPicker inventory={shown} selected={ticked} onChange={setTicked} standing={standing} /> : inventory.isPending ? <Loading what={t.inventory.readingServer(server.name)} usual={t.inventory.readingUsual} /> : null}
    </div>
  );
}
