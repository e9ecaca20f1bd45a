import { useInventories } from "@/api/inventories";
import { EmptyMark } from "@/components/Brand";
import { Button } from "@/components/Button";
import { Card, CardHead } from "@/components/Card";
import { FailureCard } from "@/components/FailureCard";
import { Glyph } from "@/components/Glyph";
import { Page } from "@/components/Page";
import { EmptyState, Loading, StaleAnswer } from "@/components/States";
import { NameCell, Table, type TableColumn } from "@/components/Table";
import { Ago, Bytes, useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { momentText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { Banner } from "./Banner";
import { byRisk, safetyOf, type SafeVm } from "./safety";
import { LastRuns, NowCard, StorageCard } from "./SideCards";
import css from "./Overview.module.css";

interface OverviewPageProps {
  onConnect: () => void;
  onChoose: () => void;
  onVm: (server: string, vm: string) => void;
  onRun: (id: string) => void;
  onRuns: () => void;
}

/** Home: one sentence that answers "am I safe?", then the VMs by risk, then what runs. */
export function OverviewPage({ onConnect, onChoose, onVm, onRun, onRuns }: OverviewPageProps) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const { servers, inventories } = useInventories();
  const read = inventories.flatMap((one) => (one.inventory.data ? [one.inventory.data] : []));
  const settled = servers.data !== undefined && inventories.every((one) => !one.inventory.isPending);
  const unread = inventories.filter((one) => one.inventory.error && !one.inventory.data).map((one) => one.server.name);
  const vms = byRisk(read);
  const safety = settled ? safetyOf(vms) : null;
  const empty = servers.data?.servers.length === 0;
  // Without the list of servers nothing can be said about any VM.
  const unknown = servers.error !== null && !servers.data;
  return (
    <Page title={t.overview.title} fact={momentText(now, now, language)} testId="home">
      <div className={css.page}>
        {servers.error && !servers.data ? <FailureCard error={servers.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" onPress={() => void servers.refetch()}>{t.common.tryAgain}</Button>} /> : null}
        <StaleAnswer answer={servers} />
        {empty ? (
          <Card><EmptyState icon={<EmptyMark />} title={t.inventory.emptyTitle} text={t.inventory.emptyText} action={<Button kind="primary" onPress={onConnect} testId="connect-server">{t.overview.connect}</Button>} /></Card>
        ) : unknown ? null : (
          <Banner safety={safety} unread={unread} action={<Button kind="primary" size="large" onPress={onChoose} testId="home-choose">{t.overview.chooseVms}</Button>} />
        )}
        <div className={css.columns} data-alone={empty || unknown || undefined}>
          {empty || unknown ? null : (
            <Card label={t.overview.table}>
              <CardHead title={t.overview.table} fact={vms.length > 0 ? String(vms.length) : undefined} />
              {settled || vms.length > 0 ? <VmTable vms={vms} onVm={onVm} /> : <Loading what={t.overview.bannerReading} usual={t.inventory.readingUsual} />}
            </Card>
          )}
          <div className={css.side}>
            <NowCard onRun={onRun} />
            <LastRuns onRun={onRun} onAll={onRuns} />
            <StorageCard />
          </div>
        </div>
      </div>
    </Page>
  );
}

function VmTable({ vms, onVm }: { vms: readonly SafeVm[]; onVm: (server: string, vm: string) => void }) {
  const t = useText();
  const state = (vm: SafeVm) => (vm.last_point ? "protected" : vm.problem === null ? "notProtected" : "cannot");
  const glyph = { protected: "ok", notProtected: "next", cannot: "off" } as const;
  const columns: TableColumn<SafeVm>[] = [
    { key: "vm", name: t.overview.colVm, width: "2fr", minWidth: 180, cell: (vm) => <NameCell glyph={<Glyph name={glyph[state(vm)]} label={t.inventory[state(vm)]} />} name={vm.name} /> },
    { key: "last", name: t.overview.colLast, width: "1fr", minWidth: 150, cell: (vm) => (vm.last_point ? <Ago time={vm.last_point.taken_at} /> : <span className={css.mute}>{vm.problem ?? t.inventory.never}</span>) },
    { key: "server", name: t.overview.colServer, width: "1fr", minWidth: 120, cell: (vm) => vm.serverName },
    { key: "size", name: t.overview.colSize, width: 110, end: true, cell: (vm) => <Bytes count={vm.capacity} /> },
  ];
  const open = (id: string) => { const vm = vms.find((one) => one.id === id); if (vm) onVm(vm.serverId, vm.reference); };
  return <div className={css.table}><Table label={t.overview.table} testId="home-vms" columns={columns} items={vms} textOf={(vm) => vm.name} onOpen={open} empty={<EmptyState icon={null} title={t.inventory.noVms} />} /></div>;
}
