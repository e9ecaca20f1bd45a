import { useRef } from "react";
import { useCommand } from "@/api/client";
import type { VmProtection } from "@/api/generated/VmProtection";
import { useInventories } from "@/api/inventories";
import { isWanted, placeOf } from "@/api/protection";
import { EmptyMark } from "@/components/Brand";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { FailureCard } from "@/components/FailureCard";
import { Page } from "@/components/Page";
import { EmptyState, Loading, StaleAnswer } from "@/components/States";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { momentText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { Banner } from "./Banner";
import { DaysCard } from "./DaysCard";
import { NextCard } from "./NextCard";
import { NowCard, StorageCard } from "./SideCards";
import { Tiles } from "./Tiles";
import { useNarrow } from "./useNarrow";
import { VmCard, type HomeFilter } from "./VmCard";
import css from "./Home.module.css";

export interface HomeWays {
  /** Which VMs the table shows. */
  filter: HomeFilter;
  onFilter: (filter: HomeFilter) => void;
  onConnect: () => void;
  onJob: () => void;
  onVm: (server: string, vm: string | null) => void;
  onRun: (id: string) => void;
  onActivity: (onlyNeeds: boolean) => void;
  onCalendar: () => void;
  onStorage: (place: string | null) => void;
  onRestore: (vm: string | null) => void;
}

/** Home: one sentence that answers "am I safe?", then the VMs by risk, then what runs and what comes. */
export function HomePage(ways: HomeWays) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const narrow = useNarrow();
  const { servers, inventories } = useInventories();
  const list = useCommand("protection.list", {});
  const running = useCommand("app.state", {}).data?.running ?? [];
  const busy = new Set(running.filter((run) => run.kind === "backup").flatMap((run) => run.vms));
  const read = inventories.flatMap((one) => (one.inventory.data ? [one.inventory.data] : []));
  const empty = servers.data?.servers.length === 0;
  const failed = list.error && !list.data ? list : servers.error && !servers.data ? servers : null;
  const openVm = (vm: VmProtection) => {
    const at = placeOf(read, vm);
    if (at) ways.onVm(at.server, at.vm);
    else if (vm.state === "gone" || vm.server_id === null) ways.onRestore(vm.name);
    else ways.onVm(vm.server_id, null);
  };
  const table = useRef<HTMLDivElement>(null);
  const show = (filter: HomeFilter) => {
    ways.onFilter(filter);
    table.current?.scrollIntoView?.({ block: "start" });
  };
  const vms = list.data?.vms.filter(isWanted) ?? [];
  return (
    <Page title={t.home.title} fact={momentText(now, now, language)} testId="home">
      <div className={css.page}>
        {failed?.error ? <FailureCard error={failed.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" isPending={failed.isFetching} onPress={() => { void list.refetch(); void servers.refetch(); }}>{t.common.tryAgain}</Button>} /> : null}
        <StaleAnswer answer={list} />
        {empty ? (
          <Card><EmptyState icon={<EmptyMark />} title={t.inventory.emptyTitle} text={t.inventory.emptyText} action={<Button kind="primary" onPress={ways.onConnect} testId="connect-server">{t.home.connect}</Button>} /></Card>
        ) : list.data ? (
          <>
            <Banner list={list.data} ways={ways} onVm={openVm} />
            <Tiles list={list.data} ways={ways} narrow={narrow} onList={show} />
          </>
        ) : list.isPending ? <Card><Loading what={t.home.looking} usual={t.home.usually} /></Card> : null}
        <div className={css.columns} data-alone={empty || !list.data || undefined}>
          {empty || !list.data ? null : <div ref={table} className={css.vms}><VmCard list={list.data} busy={busy} narrow={narrow} filter={ways.filter} onFilter={ways.onFilter} onVm={openVm} /></div>}
          {narrow && !empty && vms.length > 0 ? <DaysCard vms={vms} busy={busy} /> : null}
          <div className={css.side}>
            <NowCard onRun={ways.onRun} />
            <NextCard onCalendar={ways.onCalendar} />
            <StorageCard onStorage={ways.onStorage} />
          </div>
        </div>
      </div>
    </Page>
  );
}
