import type { ReactNode } from "react";
import type { VmView } from "@/api/generated/VmView";
import { Card, CardBody, CardHead, Facts } from "@/components/Card";
import { Glyph } from "@/components/Glyph";
import { EmptyState } from "@/components/States";
import { Bytes } from "@/components/Words";
import { useText } from "@/i18n/context";
import { HardDrive } from "lucide-react";
import css from "./Details.module.css";

/** What a VM is made of and how its disks are read. */
export function VmOverview({ vm, last, protection }: { vm: VmView; last: ReactNode; protection: ReactNode }) {
  const t = useText();
  const power = { on: t.inventory.powerOn, off: t.inventory.powerOff, suspended: t.inventory.powerSuspended, unknown: t.common.unknown }[vm.power];
  const tracking = {
    on: [t.inventory.trackingOn, t.inventory.trackingOnText],
    off: [t.inventory.trackingOff, t.inventory.trackingOffText],
    unsupported: [t.inventory.trackingUnsupported, t.inventory.trackingUnsupportedText],
  }[vm.tracking];
  return (
    <div className={css.columns} role="group" aria-label={t.inventory.tabOverview} tabIndex={0}>
      <div className={css.whole}>{protection}</div>
      <Card>
        <CardHead title={t.inventory.disks} fact={t.common.disks(vm.disks.length)} end={<Bytes count={vm.capacity} />} />
        {vm.disks.length === 0 ? <EmptyState icon={<HardDrive size={36} strokeWidth={1.2} aria-hidden />} title={t.inventory.noDisks} /> : (
          <ul className={css.disks}>
            {vm.disks.map((disk) => (
              <li key={disk.key} className={css.disk}>
                <Glyph name={disk.left_out === null ? "ok" : "off"} />
                <div>
                  <p><b>{disk.label}</b> <span className={css.mute}><Bytes count={disk.capacity} /> · {disk.thin ? t.inventory.diskThin : t.inventory.diskThick}</span></p>
                  <p className={css.small}>{disk.left_out ?? (disk.note === null ? t.inventory.diskSaved : `${t.inventory.diskSaved} ${disk.note}`)}</p>
                </div>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Card>
        <CardHead title={t.inventory.machine} />
        <CardBody>
          <Facts rows={[
            { name: t.inventory.colLast, value: last },
            { name: t.inventory.tracking, value: <>{tracking[0]} <span className={css.mute}>{tracking[1]}</span></> },
            { name: t.inventory.power, value: vm.template ? `${power}, ${t.inventory.template}` : power },
            { name: t.inventory.tools, value: vm.tools_running ? t.inventory.toolsOn : t.inventory.toolsOff },
            { name: t.inventory.snapshots, value: vm.snapshots === 0 ? t.inventory.snapshotsNone : t.inventory.snapshotsSome(vm.snapshots) },
            { name: t.inventory.used, value: vm.used === null ? t.common.unknown : <Bytes count={vm.used} /> },
            { name: t.inventory.host, value: vm.host ?? t.common.unknown },
            { name: t.inventory.folder, value: vm.path.join(" / ") || "/" },
          ]} />
        </CardBody>
      </Card>
    </div>
  );
}
