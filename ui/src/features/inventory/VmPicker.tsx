import { useState } from "react";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { VmView } from "@/api/generated/VmView";
import { Card, CardFoot } from "@/components/Card";
import { SearchField } from "@/components/SearchField";
import { EmptyState } from "@/components/States";
import { NameCell, Table, type TableColumn } from "@/components/Table";
import { Ago, Bytes } from "@/components/Words";
import { useText } from "@/i18n/context";
import { Search } from "lucide-react";
import type { Standing } from "@/api/vm-state";
import { StandingGlyph } from "./StandingGlyph";
import css from "./VmPicker.module.css";

type Row = VmView & { id: string };

interface VmPickerProps {
  inventory: InventoryView;
  selected: ReadonlySet<string>;
  onChange: (selected: Set<string>) => void;
  /** How they stand; before anything was promised, nothing is drawn. */
  standing?: Standing;
}

/** VMs to tick, with what a backup of each would read. What cannot be saved stays in sight, with the reason. */
export function VmPicker({ inventory, selected, onChange, standing }: VmPickerProps) {
  const t = useText();
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const all = inventory.vms;
  const rows: Row[] = all.filter((vm) => vm.name.toLowerCase().includes(wanted)).map((vm) => ({ ...vm, id: vm.reference }));
  const how = { on: t.inventory.howTracking, off: t.inventory.howEnable, unsupported: t.inventory.howWhole };
  const left = all.filter((vm) => vm.problem !== null).length;
  // The next backup of such a VM reads only what changed since its last recovery point.
  const later = (vm: Row) => vm.last_point !== null && vm.tracking === "on";
  const columns: TableColumn<Row>[] = [
    { key: "vm", name: t.inventory.colVm, width: "2fr", minWidth: 160, cell: (vm) => <NameCell glyph={standing ? <StandingGlyph state={standing(inventory.server_id, vm)} /> : undefined} name={vm.name} second={vm.problem ?? vm.guest ?? ""} /> },
    { key: "size", name: t.inventory.colSize, width: 92, end: true, cell: (vm) => <Bytes count={vm.capacity} /> },
    { key: "read", name: t.inventory.colRead, width: 108, end: true, cell: (vm) => (vm.problem ? null : later(vm) ? <span className={css.how}>{t.inventory.readChanges}</span> : <Bytes count={vm.used === null ? vm.capacity : Math.min(vm.used, vm.capacity)} />) },
    { key: "how", name: t.inventory.colHow, width: "1fr", minWidth: 140, cell: (vm) => (vm.problem ? null : <span className={css.how}>{later(vm) ? t.inventory.howChanges : how[vm.tracking]}</span>) },
    { key: "last", name: t.inventory.colLast, width: 136, cell: (vm) => (vm.last_point ? <Ago time={vm.last_point.taken_at} /> : <span className={css.how}>{t.inventory.never}</span>) },
  ];
  return (
    <Card fill label={t.inventory.pickerLabel}>
      <div className={css.head}>
        <SearchField label={t.inventory.search} value={search} onChange={setSearch} testId="vm-search" />
        <span className={css.count}>{t.inventory.pickerCount(rows.length, all.length)}</span>
      </div>
      <Table label={t.inventory.pickerLabel} testId="vm-table" columns={columns} items={rows} textOf={(vm) => vm.name} rowHeight={48}
        ticks={{ selected, onChange, disabled: new Set(all.filter((vm) => vm.problem !== null).map((vm) => vm.reference)) }}
        empty={<EmptyState icon={<Search size={36} strokeWidth={1.2} aria-hidden />} title={wanted ? t.common.noMatch(search.trim()) : t.inventory.noVms} />} />
      {left > 0 ? <CardFoot><span>{t.inventory.cannotCount(left)}</span></CardFoot> : null}
    </Card>
  );
}
