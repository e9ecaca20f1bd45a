import { Search } from "lucide-react";
import type { PointView } from "@/api/generated/PointView";
import { Glyph } from "@/components/Glyph";
import { EmptyState } from "@/components/States";
import { NameCell, Table, type TableColumn } from "@/components/Table";
import { Bytes, Moment } from "@/components/Words";
import { useText } from "@/i18n/context";

interface PointTableProps {
  points: readonly PointView[];
  chosen: string | null;
  onChoose: (id: string) => void;
  onRestore: (point: PointView) => void;
}

/** Recovery points, newest first. The chosen one is described beside. */
export function PointTable({ points, chosen, onChoose, onRestore }: PointTableProps) {
  const t = useText();
  const kinds = { crash: t.points.crash, "file-system": t.points.fileSystem, application: t.points.application };
  const glyph = (point: PointView) => <Glyph name={point.warnings.length > 0 ? "warned" : "ok"} label={point.warnings.join(" ") || t.home.states.protected} />;
  const columns: TableColumn<PointView>[] = [
    { key: "time", name: t.points.colTime, width: "1.1fr", minWidth: 138, cell: (point) => <NameCell glyph={glyph(point)} name={<Moment time={point.taken_at} />} /> },
    { key: "kind", name: t.points.colConsistency, width: 88, cell: (point) => kinds[point.consistency] },
    { key: "disks", name: t.points.colDisks, width: 60, end: true, cell: (point) => point.disks.length },
    { key: "read", name: t.points.colRead, width: 88, end: true, cell: (point) => <Bytes count={point.read} /> },
    { key: "new", name: t.points.colNew, width: 88, end: true, cell: (point) => <Bytes count={point.new} /> },
    { key: "stored", name: t.points.colStored, width: 96, end: true, cell: (point) => <Bytes count={point.stored} /> },
  ];
  return (
    <Table label={t.points.title} testId="points" columns={columns} items={points} textOf={(point) => point.vm_name} chosen={{ id: chosen, onChange: onChoose }}
      onOpen={(id) => { const point = points.find((one) => one.id === id); if (point) onRestore(point); }}
      empty={<EmptyState icon={<Search size={36} strokeWidth={1.2} aria-hidden />} title={t.points.emptyVm} />} />
  );
}
