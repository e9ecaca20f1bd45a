import { Database, File, Laptop, Monitor } from "lucide-react";
import { useCommand } from "@/api/client";
import type { PointView } from "@/api/generated/PointView";
import { FailureCard } from "@/components/FailureCard";
import { Loading } from "@/components/States";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { momentInText } from "@/lib/time";
import { bytesText } from "@/lib/units";
import { usePlatform } from "@/platform/context";
import { Box, Preview, type Row } from "./Preview";
import { OverPreview } from "./OverPreview";
import { emptyPlan, type Restore } from "./useRestore";

/** One sentence with size, source and what is not changed; then the way of the bytes. */
export function PreviewStep({ point, restore }: { point: PointView; restore: Restore }) {
  if (restore.what === "over") return <OverPreview point={point} restore={restore} />;
  return restore.what === "vm" ? <VmPreview point={point} restore={restore} /> : <DiskPreview point={point} restore={restore} />;
}

function VmPreview({ point, restore }: { point: PointView; restore: Restore }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const plan = useCommand("restore.plan", restore.request ?? emptyPlan, { enabled: restore.request !== null });
  const when = momentInText(new Date(point.taken_at), now, language);
  if (plan.error) return <FailureCard error={plan.error.view} onCopy={(text) => void platform.copyText(text)} />;
  if (!plan.data) return <Loading what={t.restore.planning} />;
  const size = bytesText(plan.data.bytes, language);
  const server = restore.server?.name ?? "";
  const will: Row[] = [
    [t.restore.willMake, t.restore.willMakeText],
    [t.restore.willWrite(plan.data.disks.length), t.restore.willWriteText(bytesText(plan.data.capacity, language), size)],
    [t.restore.willCheck, t.restore.willCheckText],
    [t.restore.willStayOff, t.restore.willStayOffText],
    ...(plan.data.free_after === null ? [] : [[t.restore.place, t.restore.afterwards(bytesText(plan.data.free_after, language))] as const]),
    ...(new Set(plan.data.disks.map((disk) => disk.datastore)).size > 1 ? [[t.restore.diskPlaces, plan.data.disks.map((disk) => t.restore.diskAt(disk.label, disk.datastore)).join(", ")] as const] : []),
    ...plan.data.notes.map((note, index) => [index === 0 ? t.restore.different : "", note] as const),
    ...(plan.data.networks.length > 0 ? [[t.restore.networks, `${plan.data.networks.join(", ")}: ${t.restore.wakesNetworkValue}`] as const] : []),
  ];
  const wont: Row[] = [
    [t.restore.notVm(point.vm_name), t.restore.notVmText], [t.restore.notPoints, t.restore.notPointsText], [t.restore.notNetwork, t.restore.notNetworkText], [t.restore.notHalf, t.restore.notHalfText],
  ];
  return (
    <Preview sentence={t.restore.previewVm(size, point.repository_name)} under={t.restore.previewVmText(when, server)} will={will} wont={wont}
      boxes={[
        <Box key="from" icon={<Database size={20} strokeWidth={1.6} aria-hidden />} name={point.repository_name} lines={[point.vm_name, t.restore.fromBox(when)]} />,
        <Box key="here" icon={<Laptop size={20} strokeWidth={1.6} aria-hidden />} name={t.restore.thisComputer} lines={[t.restore.thisComputerText]} />,
        <Box key="to" icon={<Monitor size={20} strokeWidth={1.6} aria-hidden />} name={restore.name} lines={[t.restore.toBox(server, restore.datastore?.name ?? ""), restore.identity === "keep" ? t.restore.toBoxStateKept : t.restore.toBoxState]} />,
      ]}
      problems={plan.data.problems.map((problem) => <FailureCard key={problem.title} error={problem} onCopy={(text) => void platform.copyText(text)} />)} />
  );
}

function DiskPreview({ point, restore }: { point: PointView; restore: Restore }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const disk = point.disks.find((one) => one.index === restore.disk);
  const when = momentInText(new Date(point.taken_at), now, language);
  return (
    <Preview sentence={t.restore.previewDisk(bytesText(disk?.capacity ?? 0, language), point.repository_name)} under={t.restore.previewDiskText(when)}
      will={[[t.restore.willFile, restore.path], [t.restore.willCheck, t.restore.willCheckText]]}
      wont={[[t.restore.notVm(point.vm_name), t.restore.notVmText], [t.restore.notPoints, t.restore.notPointsText], [t.restore.notHalf, t.restore.notHalfText]]}
      boxes={[
        <Box key="from" icon={<Database size={20} strokeWidth={1.6} aria-hidden />} name={point.repository_name} lines={[`${point.vm_name}, ${disk?.label ?? ""}`, t.restore.fromBox(when)]} />,
        <Box key="here" icon={<Laptop size={20} strokeWidth={1.6} aria-hidden />} name={t.restore.thisComputer} lines={[t.restore.thisComputerText]} />,
        <Box key="to" icon={<File size={20} strokeWidth={1.6} aria-hidden />} name={restore.path.split(/[\\/]/).at(-1) ?? ""} lines={[t.restore.toFile]} />,
      ]}
      problems={[]} />
  );
}
