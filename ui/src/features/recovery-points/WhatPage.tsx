import { ChevronRight, HardDrive, History, Server } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useCommand } from "@/api/client";
import type { VmSum } from "@/api/generated/VmSum";
import { Button, TextAction } from "@/components/Button";
import { Card, CardFoot, CardHead } from "@/components/Card";
import { RadioRow, RadioRows } from "@/components/Choice";
import { FailureCard } from "@/components/FailureCard";
import { Sentence, WizardPage } from "@/components/Page";
import { SearchField } from "@/components/SearchField";
import { EmptyState, Loading, StaleAnswer } from "@/components/States";
import { NameCell, Table, type TableColumn } from "@/components/Table";
import { Ago } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { countText } from "@/lib/units";
import { usePlatform } from "@/platform/context";
import { Unreadable } from "./Unreadable";
import css from "./Points.module.css";

/** What somebody wants back. */
export type Want = "vm" | "disk";

interface WhatPageProps {
  want: Want;
  onWant: (want: Want) => void;
  onVm: (vm: string) => void;
  onBackUp: () => void;
  /** Opens a repository that another computer wrote. */
  onRepository: () => void;
  steps: ReactNode;
  close: ReactNode;
}

/** What names a VM in questions about its recovery points. */
const nameOf = (vm: VmSum) => vm.instance_uuid ?? vm.name;

/** The first step of a restore: what is wanted back, and of which VM. */
export function WhatPage({ want, onWant, onVm, onBackUp, onRepository, steps, close }: WhatPageProps) {
  const t = useText();
  const platform = usePlatform();
  const answer = useCommand("points.sums", { repository_id: null });
  const [search, setSearch] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const all = (answer.data?.vms ?? []).map((vm) => ({ ...vm, id: vm.key }));
  const wanted = search.trim().toLowerCase();
  const vms = all.filter((vm) => vm.name.toLowerCase().includes(wanted));
  const vm = vms.find((one) => one.id === chosen) ?? (vms.length === 1 ? vms[0] : undefined);
  const open = (id: string) => {
    const one = vms.find((row) => row.id === id);
    if (one) onVm(nameOf(one));
  };
  const elsewhere = <TextAction onPress={onRepository} testId="restore-elsewhere">{t.points.elsewhere}</TextAction>;
  return (
    <WizardPage title={t.shell.restore} steps={steps} close={close} fixed={all.length > 0} testId="restore-what"
      foot={vm ? <b>{vm.name}</b> : t.points.chooseVm}
      buttons={<Button kind="primary" size="large" after={<ChevronRight size={16} strokeWidth={2} aria-hidden />} isDisabled={!vm} onPress={() => { if (vm) onVm(nameOf(vm)); }} testId="restore-when">{t.points.nextWhen}</Button>}>
      {answer.error && !answer.data ? <FailureCard error={answer.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" isPending={answer.isFetching} onPress={() => void answer.refetch()}>{t.common.tryAgain}</Button>} /> : null}
      {answer.isPending ? <Loading what={t.points.reading} usual={t.points.readingUsual} /> : null}
      {answer.data && all.length === 0 ? (
        <>
          <Unreadable list={answer.data.unreadable} />
          <EmptyState icon={<History size={36} strokeWidth={1.2} aria-hidden />} title={t.points.emptyTitle} text={t.points.emptyText} action={<Button kind="primary" onPress={onBackUp} testId="points-backup">{t.points.emptyAction}</Button>} />
          <p className={css.elsewhere}>{elsewhere}</p>
        </>
      ) : null}
      {all.length > 0 ? (
        <div className={css.page}>
          <Sentence under={t.points.whatText}>{t.points.what}</Sentence>
          <RadioRows label={t.points.what} shape="cards" value={want} onChange={(value) => onWant(value === "disk" ? "disk" : "vm")}>
            <Wanted want="vm" icon={<Server size={20} strokeWidth={1.6} aria-hidden />} title={t.points.wantVm} text={t.points.wantVmText} />
            <Wanted want="disk" icon={<HardDrive size={20} strokeWidth={1.6} aria-hidden />} title={t.points.wantDisk} text={t.points.wantDiskText} />
          </RadioRows>
          <StaleAnswer answer={answer} />
          <Unreadable list={answer.data?.unreadable ?? []} />
          <Card fill label={t.points.whichVm}>
            <CardHead title={t.points.whichVm} end={<SearchField label={t.points.search} value={search} onChange={setSearch} testId="points-search" />} />
            <VmTable vms={vms} chosen={vm?.id ?? null} onChoose={setChosen} onOpen={open} searched={search.trim()} />
            <CardFoot>{elsewhere}</CardFoot>
          </Card>
        </div>
      ) : null}
    </WizardPage>
  );
}

function Wanted({ want, icon, title, text }: { want: Want; icon: ReactNode; title: string; text: string }) {
  return (
    <RadioRow value={want} testId={`restore-want-${want}`} label={title}>
      <span className={css.want}><span className={css.wantIcon}>{icon}</span><span><b className={css.name}>{title}</b><span className={css.wantText}>{text}</span></span></span>
    </RadioRow>
  );
}

type Row = VmSum & { id: string };

function VmTable({ vms, chosen, onChoose, onOpen, searched }: { vms: readonly Row[]; chosen: string | null; onChoose: (id: string) => void; onOpen: (id: string) => void; searched: string }) {
  const t = useText();
  const language = useLanguage();
  const places = new Map((useCommand("repositories.list", {}).data?.repositories ?? []).map((one) => [one.id, one.name]));
  const columns: TableColumn<Row>[] = [
    { key: "vm", name: t.points.colVm, width: "1.4fr", minWidth: 160, cell: (vm) => <NameCell name={vm.name} /> },
    { key: "newest", name: t.points.colNewest, width: "1fr", minWidth: 130, cell: (vm) => <Ago time={vm.newest} /> },
    { key: "place", name: t.points.colPlace, width: "1.4fr", minWidth: 140, cell: (vm) => vm.repositories.map((id) => places.get(id)).filter(Boolean).join(", ") },
    { key: "points", name: t.points.title, width: 130, end: true, cell: (vm) => countText(vm.points, language) },
  ];
  return (
    <Table label={t.points.whichVm} testId="restore-vms" columns={columns} items={vms} textOf={(vm) => vm.name} chosen={{ id: chosen, onChange: onChoose }} onOpen={onOpen}
      empty={<EmptyState icon={null} title={t.common.noMatch(searched)} />} />
  );
}
