import { Database, File, Laptop, Monitor } from "lucide-react";
import type { ReactNode } from "react";
import { useCommand } from "@/api/client";
import type { PointView } from "@/api/generated/PointView";
import { Card } from "@/components/Card";
import { FailureCard } from "@/components/FailureCard";
import { Sign, type GlyphName } from "@/components/Glyph";
import { Sentence } from "@/components/Page";
import { Loading } from "@/components/States";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { momentInText } from "@/lib/time";
import { bytesText } from "@/lib/units";
import { usePlatform } from "@/platform/context";
import type { Restore } from "./useRestore";
import css from "./Restore.module.css";

type Row = readonly [string, string];

/** One sentence with size, source and what is not changed; then the way of the bytes. */
export function PreviewStep({ point, restore }: { point: PointView; restore: Restore }) {
  return restore.what === "vm" ? <VmPreview point={point} restore={restore} /> : <DiskPreview point={point} restore={restore} />;
}

function VmPreview({ point, restore }: { point: PointView; restore: Restore }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const plan = useCommand("restore.plan", restore.request ?? { repository_id: "", point_id: "", server_id: "", datastore: "", name: "" }, { enabled: restore.request !== null });
  const when = momentInText(new Date(point.taken_at), now, language);
  if (plan.error) return <FailureCard error={plan.error.view} onCopy={(text) => void platform.copyText(text)} />;
  if (!plan.data) return <Loading what={t.restore.planning} />;
  const size = bytesText(plan.data.bytes, language);
  const server = restore.server?.name ?? "";
  const will: Row[] = [
    [t.restore.willMake, t.restore.willMakeText],
    [t.restore.willWrite(plan.data.disks), t.restore.willWriteText(bytesText(plan.data.capacity, language), size)],
    [t.restore.willCheck, t.restore.willCheckText],
    [t.restore.willStayOff, t.restore.willStayOffText],
    ...(plan.data.free_after === null ? [] : [[t.restore.place, t.restore.afterwards(bytesText(plan.data.free_after, language))] as const]),
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
        <Box key="to" icon={<Monitor size={20} strokeWidth={1.6} aria-hidden />} name={restore.name} lines={[t.restore.toBox(server, restore.datastore?.name ?? ""), t.restore.toBoxState]} />,
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

interface PreviewProps {
  sentence: string;
  under: string;
  boxes: ReactNode[];
  will: readonly Row[];
  wont: readonly Row[];
  problems: ReactNode[];
}

function Preview({ sentence, under, boxes, will, wont, problems }: PreviewProps) {
  const t = useText();
  return (
    <div className={css.stack}>
      <Card>
        <div className={css.way}>
          <Sentence under={under} testId="preview-sentence">{sentence}</Sentence>
          <div className={css.boxes}>{boxes.flatMap((box, index) => (index === 0 ? [box] : [<Arrow key={`arrow-${index}`} />, box]))}</div>
        </div>
      </Card>
      {problems.length > 0 ? <h3 className={css.strong}>{t.restore.blocked}</h3> : null}
      {problems}
      <div className={css.halves}>
        <List title={t.restore.willHappen} rows={will} glyph="soon" tone={css.info} />
        <List title={t.restore.willNotChange} rows={wont} glyph="ok" tone={css.ok} />
      </div>
    </div>
  );
}

function List({ title, rows, glyph, tone }: { title: string; rows: readonly Row[]; glyph: GlyphName; tone: string | undefined }) {
  return (
    <Card>
      <div className={css.listCard}>
        <h3 className={css.listTitle}>{title}</h3>
        <ul>
          {rows.map(([name, text]) => <li key={name} className={css.listRow}><span className={tone}><Sign name={glyph} /></span><span><b>{name}</b> <span className={css.mute}>{text}</span></span></li>)}
        </ul>
      </div>
    </Card>
  );
}

function Box({ icon, name, lines }: { icon: ReactNode; name: string; lines: readonly string[] }) {
  return (
    <div className={css.box}>
      <span className={css.boxIcon}>{icon}</span>
      <div className={css.boxWords}><b className={css.strong}>{name}</b>{lines.map((line) => <span key={line} className={css.second}>{line}</span>)}</div>
    </div>
  );
}

function Arrow() {
  return <svg className={css.arrow} width="54" height="14" viewBox="0 0 54 14" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"><path d="M1 7h51M46 1l6 6-6 6" /></svg>;
}
