import { Database, Laptop, Monitor } from "lucide-react";
import type { PointView } from "@/api/generated/PointView";
import { FailureCard } from "@/components/FailureCard";
import { Loading } from "@/components/States";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { momentInText } from "@/lib/time";
import { bytesText } from "@/lib/units";
import { usePlatform } from "@/platform/context";
import { Box, Preview, type Row } from "./Preview";
import type { Restore } from "./useRestore";

/** What a restore over the original does, and what stays. */
export function OverPreview({ point, restore }: { point: PointView; restore: Restore }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const plan = restore.overPlan;
  const when = momentInText(new Date(point.taken_at), now, language);
  if (plan.error) return <FailureCard error={plan.error.view} onCopy={(text) => void platform.copyText(text)} />;
  if (!plan.data) return <Loading what={t.restore.planning} />;
  const { vm_name: name, running, bytes, capacity, disks, old_files: old, untouched, problems } = plan.data;
  const size = bytesText(bytes, language);
  const server = restore.server?.name ?? "";
  const will: Row[] = [
    ...(running ? [[t.restore.overWillStop, restore.stop === "power-off" ? t.restore.overPowerOff : t.restore.overShutDown] as const] : []),
    [t.restore.overWillSave(name), t.restore.overWillSaveText],
    [t.restore.willWrite(disks), t.restore.willWriteText(bytesText(capacity, language), size)],
    [t.restore.overWillCheck, t.restore.overWillCheckText],
    [t.restore.overWillSwap, t.restore.overWillSwapText],
    ...(running && restore.turnOn ? [[t.restore.overWillStart, t.restore.overWillStartText] as const] : []),
  ];
  const wont: Row[] = [
    ...(old.length > 0 ? [[t.restore.overOld(old.length), t.restore.overOldStays] as const] : []),
    ...untouched.map((disk) => [disk, t.restore.overDiskStays] as const),
    [t.restore.overSettings, t.restore.overSettingsText], [t.restore.notPoints, t.restore.notPointsText], [t.restore.notHalf, t.restore.overNotHalfText],
  ];
  return (
    <Preview sentence={t.restore.previewOver(name, size, point.repository_name)} under={t.restore.previewOverText(when)} will={will} wont={wont}
      boxes={[
        <Box key="from" icon={<Database size={20} strokeWidth={1.6} aria-hidden />} name={point.repository_name} lines={[point.vm_name, t.restore.fromBox(when)]} />,
        <Box key="here" icon={<Laptop size={20} strokeWidth={1.6} aria-hidden />} name={t.restore.thisComputer} lines={[t.restore.thisComputerText]} />,
        <Box key="to" icon={<Monitor size={20} strokeWidth={1.6} aria-hidden />} name={name} lines={[server, t.restore.overBox]} />,
      ]}
      problems={problems.map((problem) => <FailureCard key={problem.title} error={problem} onCopy={(text) => void platform.copyText(text)} />)} />
  );
}
