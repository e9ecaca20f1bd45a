import { History } from "lucide-react";
import type { PointDiskView } from "@/api/generated/PointDiskView";
import type { PointView } from "@/api/generated/PointView";
import { Button } from "@/components/Button";
import { Card, CardHead } from "@/components/Card";
import { Glyph } from "@/components/Glyph";
import { Bytes, Moment } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { bytesText } from "@/lib/units";
import css from "./Points.module.css";

interface PointDetailsProps {
  point: PointView | null;
  onRestore?: (point: PointView) => void;
}

/** What is in one recovery point: each disk with how it was read and why, and what was left out. */
export function PointDetails({ point, onRestore }: PointDetailsProps) {
  const t = useText();
  const kinds = {
    crash: [t.points.crash, t.points.crashText], "file-system": [t.points.fileSystem, t.points.fileSystemText], application: [t.points.application, t.points.applicationText],
  } as const;
  if (!point) return <Card><p className={css.hint}>{t.points.chooseOne}</p></Card>;
  const [kind, kindText] = kinds[point.consistency];
  return (
    <Card fill testId="point-details" label={t.points.inside}>
      <CardHead title={t.points.inside} end={onRestore ? <Button kind="primary" size="small" icon={<History size={14} strokeWidth={2} aria-hidden />} onPress={() => onRestore(point)} testId="point-restore">{t.points.restore}</Button> : undefined} />
      <div className={css.scroll}>
        <div className={css.line}>
          <p className={css.name}>{point.vm_name}, <Moment time={point.taken_at} /></p>
          <p className={css.second}>{point.repository_name} · {kind}: {kindText}</p>
        </div>
        {point.disks.map((disk) => <DiskLine key={disk.index} disk={disk} />)}
        {point.not_included.map((text) => (
          <div key={text} className={css.disk}>
            <Glyph name="off" />
            <div><p className={css.name}>{t.points.notIncluded}</p><p className={css.second}>{text}</p></div>
          </div>
        ))}
        {point.warnings.map((text) => (
          <div key={text} className={css.disk}>
            <Glyph name="warned" />
            <div><p className={css.name}>{t.points.warnings}</p><p className={css.second}>{text}</p></div>
          </div>
        ))}
      </div>
    </Card>
  );
}

function DiskLine({ disk }: { disk: PointDiskView }) {
  const t = useText();
  const language = useLanguage();
  const mode = { whole: t.points.readWhole, allocated: t.points.readAllocated, changed: t.points.readChanged }[disk.read_mode];
  return (
    <div className={css.disk}>
      <Glyph name={disk.reason ? "warned" : "ok"} />
      <div>
        <p><b className={css.name}>{disk.label}</b> <span className={css.mute}><Bytes count={disk.capacity} /> · {disk.transport}</span></p>
        <p className={css.second}>{disk.reason ?? mode}</p>
        <p className={css.tiny}>{t.points.diskSums(bytesText(disk.read, language), bytesText(disk.stored, language))}</p>
      </div>
    </div>
  );
}
