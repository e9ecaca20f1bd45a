import { useMemo, useState, type ReactNode } from "react";
import { createPortal } from "react-dom";
import { useAction, useCommand } from "@/api/client";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { RepositoryView } from "@/api/generated/RepositoryView";
import type { ServerView } from "@/api/generated/ServerView";
import type { VmView } from "@/api/generated/VmView";
import { Button } from "@/components/Button";
import { FailureCard } from "@/components/FailureCard";
import { Select } from "@/components/Select";
import { Loading, StaleNote } from "@/components/States";
import { useLanguage, useText } from "@/i18n/context";
import { bytesText } from "@/lib/units";
import { usePlatform } from "@/platform/context";
import page from "./FirstRunPage.module.css";
import css from "./ProtectStep.module.css";

/** Draws the list of VMs to tick. The application hands it in, since the inventory owns it. */
export type RenderPicker = (inventory: InventoryView, selected: ReadonlySet<string>, onChange: (selected: Set<string>) => void) => ReactNode;

interface ProtectStepProps {
  servers: readonly ServerView[];
  repository: RepositoryView | null;
  onStarted: (runId: string) => void;
  renderPicker: RenderPicker;
  /** Element of the footer that takes the button. */
  footId: string;
}

/** What the first backup of a VM reads at most. */
function mostRead(vm: VmView): number {
  return vm.used === null ? vm.capacity : Math.min(vm.used, vm.capacity);
}

function eligible(vm: VmView): boolean {
  return vm.problem === null && !vm.template;
}

/** The VMs to save now; all that can be saved are ticked. */
export function ProtectStep({ servers, repository, onStarted, renderPicker, footId }: ProtectStepProps) {
  const t = useText();
  const [chosen, setChosen] = useState<string | null>(null);
  const server = servers.find((one) => one.id === chosen) ?? servers[0];
  return (
    <div className={css.protect}>
      {servers.length > 1 && server ? (
        <div className={css.server}><Select bare label={t.settings.servers} value={server.id} onChange={setChosen} options={servers.map((one) => ({ key: one.id, name: one.name }))} testId="protect-server" /></div>
      ) : null}
      {server ? <ServerVms key={server.id} server={server} repository={repository} onStarted={onStarted} renderPicker={renderPicker} footId={footId} /> : null}
    </div>
  );
}

function ServerVms({ server, repository, onStarted, renderPicker, footId }: Omit<ProtectStepProps, "servers"> & { server: ServerView }) {
  const t = useText();
  const platform = usePlatform();
  const inventory = useCommand("inventory.get", { server_id: server.id, refresh: false });
  const [ticked, setTicked] = useState<Set<string> | null>(null);
  const selected = useMemo(() => ticked ?? new Set((inventory.data?.vms ?? []).filter(eligible).map((vm) => vm.reference)), [ticked, inventory.data]);
  const start = useAction("backup.start");
  const begin = () => {
    if (!repository) return;
    start.mutate({ server_id: server.id, vms: [...selected], repository_id: repository.id }, { onSuccess: (started) => onStarted(started.run_id) });
  };
  if (inventory.isPending) return <Loading what={t.inventory.readingServer(server.name)} usual={t.inventory.readingUsual} />;
  if (!inventory.data) {
    return <FailureCard error={inventory.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" onPress={() => void inventory.refetch()} isPending={inventory.isFetching}>{t.common.tryAgain}</Button>} />;
  }
  return (
    <>
      {start.error ? <FailureCard error={start.error.view} onCopy={(text) => void platform.copyText(text)} /> : null}
      <RoomNote vms={inventory.data.vms} selected={selected} repository={repository} />
      {renderPicker(inventory.data, selected, setTicked)}
      <StartButton footId={footId} vms={inventory.data.vms} selected={selected} ready={repository !== null} isPending={start.isPending} onStart={begin} />
    </>
  );
}

function sumOf(vms: readonly VmView[], selected: ReadonlySet<string>): number {
  return vms.reduce((sum, vm) => (selected.has(vm.reference) ? sum + mostRead(vm) : sum), 0);
}

function RoomNote({ vms, selected, repository }: { vms: readonly VmView[]; selected: ReadonlySet<string>; repository: RepositoryView | null }) {
  const t = useText();
  const language = useLanguage();
  const free = repository?.free ?? null;
  if (free === null || sumOf(vms, selected) <= free) return null;
  return <StaleNote>{t.firstRun.notEnough(bytesText(free, language))}</StaleNote>;
}

interface StartButtonProps {
  footId: string;
  vms: readonly VmView[];
  selected: ReadonlySet<string>;
  ready: boolean;
  isPending: boolean;
  onStart: () => void;
}

function StartButton({ footId, vms, selected, ready, isPending, onStart }: StartButtonProps) {
  const t = useText();
  const language = useLanguage();
  const foot = document.getElementById(footId);
  if (!foot) return null;
  return createPortal(
    <>
      <span className={page.total} data-testid="protect-total">{selected.size === 0 ? t.firstRun.protectNone : t.firstRun.protectChosen(selected.size, bytesText(sumOf(vms, selected), language))}</span>
      <span className={page.next}><Button kind="primary" size="large" icon={<svg width="12" height="12" viewBox="0 0 12 12" fill="currentColor" aria-hidden="true"><path d="M2.5 1v10L11 6z" /></svg>} isDisabled={selected.size === 0 || !ready} isPending={isPending} onPress={onStart} testId="backup-start">
        {isPending ? t.firstRun.starting : t.firstRun.start}
      </Button></span>
    </>,
    foot,
  );
}
