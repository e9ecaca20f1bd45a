import type { ProtectionList } from "@/api/generated/ProtectionList";
import type { VmProtection } from "@/api/generated/VmProtection";
import { isAtRisk, isWanted, stateSigns } from "@/api/protection";
import { AgeBar } from "@/components/AgeBar";
import { TextAction } from "@/components/Button";
import { Card, CardFoot, CardHead } from "@/components/Card";
import { DayLegend, DayStrip } from "@/components/DayStrip";
import { Glyph, Sign } from "@/components/Glyph";
import { Select } from "@/components/Select";
import { EmptyState } from "@/components/States";
import { NameCell, Table, type TableColumn } from "@/components/Table";
import { Moment, useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { durationText, exactText } from "@/lib/time";
import { countText } from "@/lib/units";
import css from "./Home.module.css";

type Row = VmProtection & { id: string };

/** Two lines of Japanese are higher. */
const rowHeights = { en: 40, ja: 48 } as const;

export const homeFilters = ["all", "risk", "critical", "normal", "archive", "excluded", "gone"] as const;
export type HomeFilter = (typeof homeFilters)[number];

function shows(filter: HomeFilter, vm: VmProtection): boolean {
  if (filter === "excluded") return vm.state === "not-covered";
  if (filter === "gone") return vm.state === "gone";
  return isWanted(vm) && (filter === "all" || (filter === "risk" ? isAtRisk(vm) : vm.class === filter));
}

/** The sign of a row. A run that is going on is told, unless something worse is. */
export function StateGlyph({ vm, running }: { vm: VmProtection; running: boolean }) {
  const sign = stateSigns[vm.state];
  return running && !isAtRisk(vm) ? <Glyph name="running" /> : <Glyph name={sign.glyph} tone={sign.tone} />;
}

interface VmCardProps {
  list: ProtectionList;
  /** Names of the VMs that are being saved. */
  busy: ReadonlySet<string>;
  narrow: boolean;
  filter: HomeFilter;
  onFilter: (filter: HomeFilter) => void;
  onVm: (vm: VmProtection) => void;
}

/** All VMs, those at risk first. */
export function VmCard({ list, busy, narrow, filter, onFilter, onVm }: VmCardProps) {
  const t = useText();
  const language = useLanguage();
  const names = { all: t.home.filterAll, risk: t.home.filterRisk, ...t.home.classes, excluded: t.home.filterExcluded, gone: t.home.filterGone };
  const rows: Row[] = list.vms.filter((vm) => shows(filter, vm)).map((vm) => ({ ...vm, id: vm.key }));
  const [first] = rows;
  const excluded = list.vms.filter((vm) => vm.state === "not-covered");
  const gone = list.vms.filter((vm) => vm.state === "gone");
  const columns: TableColumn<Row>[] = [
    { key: "vm", name: t.home.colVm, width: "2fr", minWidth: 168, cell: (vm) => <NameCell glyph={<StateGlyph vm={vm} running={busy.has(vm.name)} />} name={vm.name} second={<Second vm={vm} running={busy.has(vm.name)} />} /> },
    { key: "last", name: t.home.colLast, width: 128, minWidth: 120, cell: (vm) => <Last vm={vm} /> },
    { key: "job", name: t.home.colJob, width: "1fr", minWidth: 96, cell: (vm) => <span className={vm.jobs.length > 0 ? undefined : css.mute} title={vm.jobs.join(", ")}>{vm.jobs.join(", ") || t.home.noJob}</span> },
    { key: "next", name: t.home.colNext, width: 116, cell: (vm) => (busy.has(vm.name) ? <span className={css.running}>{t.home.running}</span> : vm.next_at ? <Moment time={vm.next_at} /> : <span className={css.mute}>{t.home.nonePlanned}</span>) },
    { key: "kept", name: t.home.colKept, width: 76, end: true, cell: (vm) => (vm.kept === null ? <span className={css.mute}>–</span> : `${Math.floor(vm.kept / 100)} %`) },
    { key: "points", name: t.home.colPoints, width: 104, end: true, cell: (vm) => countText(vm.points, language) },
    ...(narrow ? [] : [{ key: "days", name: t.home.colDays, width: 156, cell: (vm: Row) => <DayStrip days={vm.days} running={busy.has(vm.name)} /> } satisfies TableColumn<Row>]),
  ];
  const open = (id: string) => { const vm = rows.find((one) => one.id === id); if (vm) onVm(vm); };
  return (
    <Card label={t.home.table}>
      <CardHead title={t.home.table} fact={countText(rows.length, language)} end={<Select bare label={t.home.filter} value={filter} onChange={(key) => onFilter(homeFilters.find((one) => one === key) ?? "all")} options={homeFilters.map((key) => ({ key, name: names[key] }))} testId="home-filter" />} />
      <div className={css.table}>
        <Table label={t.home.table} testId="home-vms" columns={columns} items={rows} textOf={(vm) => vm.name} rowHeight={rowHeights[language]} onOpen={open} worst={first && (first.state === "missed" || first.state === "failed") ? first.id : null}
          empty={<EmptyState icon={null} title={list.vms.length === 0 ? t.home.noVms : t.home.noneShown} />} />
      </div>
      <CardFoot>
        <span className={css.left}>
          {excluded.length > 0 ? <span className={css.leftLine}><Sign name="off" size={10} /><TextAction onPress={() => onFilter("excluded")} testId="home-excluded">{t.home.excluded(excluded.slice(0, 3).map((vm) => (vm.excluded ? `${vm.name} (${vm.excluded.reason})` : vm.name)).join(", "), excluded.length)}</TextAction></span> : null}
          {gone.length > 0 ? <span className={css.leftLine}><Sign name="gone" size={10} /><TextAction onPress={() => onFilter("gone")} testId="home-gone">{t.home.goneFrom(gone.length)}</TextAction></span> : null}
        </span>
        {narrow ? null : <DayLegend />}
      </CardFoot>
    </Card>
  );
}

function Second({ vm, running }: { vm: VmProtection; running: boolean }) {
  const t = useText();
  const runs = running && !isAtRisk(vm);
  return <><span className={css.state} data-tone={runs ? "info" : stateSigns[vm.state].tone} title={vm.sentence}>{runs ? t.home.running : t.home.states[vm.state]}</span>{` · ${vm.excluded?.reason ?? t.home.classes[vm.class]}`}</>;
}

function Last({ vm }: { vm: VmProtection }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  if (vm.last_point_at === null) return <span className={css.never}>{t.home.never}</span>;
  const at = new Date(vm.last_point_at);
  const minutes = Math.max(0, (now.getTime() - at.getTime()) / 60_000);
  const age = durationText(Math.floor(minutes) * 60, language);
  return (
    <span className={css.age} title={exactText(at, language)}>
      <span className={css.ageText} data-bad={minutes > 2 * vm.promise.rpo_minutes || undefined}>{age}</span>
      <AgeBar minutes={minutes} promised={vm.promise.rpo_minutes} label={t.home.ageText(age, durationText(vm.promise.rpo_minutes * 60, language))} />
    </span>
  );
}
