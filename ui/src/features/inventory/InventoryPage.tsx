import { Monitor, Plus } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useInventories } from "@/api/inventories";
import type { VmView } from "@/api/generated/VmView";
import { EmptyMark } from "@/components/Brand";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { FailureCard } from "@/components/FailureCard";
import { Page } from "@/components/Page";
import { EmptyState, Loading } from "@/components/States";
import { useText } from "@/i18n/context";
import { usePlatform } from "@/platform/context";
import { InventoryTree, type Selected } from "./InventoryTree";
import { ServerDetails } from "./ServerDetails";
import type { TreeKey } from "@/api/tree-nodes";
import { VmDetails } from "./VmDetails";
import css from "./InventoryPage.module.css";

interface InventoryPageProps {
  selected: Selected | null;
  /** The name of a VM to begin with, where none is selected. */
  find: string | null;
  tab: "overview" | "points";
  onSelect: (selected: Selected) => void;
  onTab: (tab: "overview" | "points") => void;
  onConnect: () => void;
  onAddRepository: () => void;
  /** A new job of this VM. */
  onJob: (server: string, vm: string) => void;
  onTrust: () => void;
  onStarted: (runId: string) => void;
  onRestore: (vm: VmView) => void;
  renderPoints: (vm: VmView) => ReactNode;
}

/** Servers and VMs at the left, one of them at the right. */
export function InventoryPage(props: InventoryPageProps) {
  const t = useText();
  const platform = usePlatform();
  const { servers, inventories } = useInventories();
  const [order, setOrder] = useState<TreeKey>("hosts");
  const vms = inventories.reduce((sum, one) => sum + (one.inventory.data?.vms.length ?? 0), 0);
  const fact = servers.data ? t.inventory.fact(inventories.length, vms) : undefined;
  if (!servers.data) {
    return (
      <Page title={t.inventory.title} testId="inventory">
        {servers.error ? <FailureCard error={servers.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" onPress={() => void servers.refetch()}>{t.common.tryAgain}</Button>} /> : <Card><Loading what={t.common.reading} /></Card>}
      </Page>
    );
  }
  if (inventories.length === 0) {
    return (
      <Page title={t.inventory.title} testId="inventory">
        <EmptyState icon={<EmptyMark />} title={t.inventory.emptyTitle} text={t.inventory.emptyText} action={<Button kind="primary" icon={<Plus size={15} strokeWidth={2} aria-hidden />} onPress={props.onConnect} testId="connect-server">{t.inventory.emptyAction}</Button>} />
      </Page>
    );
  }
  return (
    <Page title={t.inventory.title} fact={fact} bare testId="inventory">
      <div className={css.split}>
        <InventoryTree inventories={inventories} selected={props.selected ?? firstOf(inventories, props.find)} onSelect={props.onSelect} order={order} onOrder={setOrder} />
        <Chosen {...props} selected={props.selected ?? firstOf(inventories, props.find)} inventories={inventories} order={order} />
      </div>
    </Page>
  );
}

function firstOf(inventories: ReturnType<typeof useInventories>["inventories"], find: string | null): Selected | null {
  for (const { server, inventory } of inventories) {
    const vm = inventory.data?.vms.find((one) => one.name === find);
    if (vm) return { server: server.id, group: null, vm: vm.reference };
  }
  const first = inventories[0];
  return first ? { server: first.server.id, group: null, vm: null } : null;
}

function Chosen({ selected, inventories, order, ...props }: InventoryPageProps & { inventories: ReturnType<typeof useInventories>["inventories"]; order: TreeKey }) {
  const t = useText();
  const of = inventories.find((one) => one.server.id === selected?.server);
  const vm = of?.inventory.data?.vms.find((one) => one.reference === selected?.vm);
  if (of && vm) {
    return <VmDetails key={`${of.server.id}/${vm.reference}`} server={of.server} vm={vm} tab={props.tab} onTab={props.onTab} onStarted={props.onStarted} onRestore={props.onRestore} onAddRepository={props.onAddRepository} onJob={() => props.onJob(of.server.id, vm.reference)} renderPoints={props.renderPoints} />;
  }
  if (of && selected?.vm === null) return <ServerDetails key={`${of.server.id}/${selected.group ?? ""}`} of={of} order={order} group={selected.group} onStarted={props.onStarted} onTrust={props.onTrust} />;
  if (of?.inventory.isPending) return <Loading what={t.inventory.readingServer(of.server.name)} usual={t.inventory.readingUsual} />;
  return <div className={css.middle}><EmptyState icon={<Monitor size={36} strokeWidth={1.2} aria-hidden />} title={t.inventory.chooseTitle} text={t.inventory.chooseText} /></div>;
}
