import { Database, History, KeyRound } from "lucide-react";
import type { ReactNode } from "react";
import { useCommand } from "@/api/client";
import type { PointSums } from "@/api/generated/PointSums";
import type { VmSum } from "@/api/generated/VmSum";
import type { WrittenHour } from "@/api/generated/WrittenHour";
import type { RepositoryView } from "@/api/generated/RepositoryView";
import { Button } from "@/components/Button";
import { Card, CardBody, CardFoot, CardHead, Facts } from "@/components/Card";
import { DayBars } from "@/components/DayBars";
import { FailureCard } from "@/components/FailureCard";
import { Chip, Tag } from "@/components/Glyph";
import { EmptyState, Loading, StaleNote } from "@/components/States";
import { Table, type TableColumn } from "@/components/Table";
import { Ago, Bytes, Moment, useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { dateText } from "@/lib/time";
import { bytes, bytesText, countText, percent } from "@/lib/units";
import { usePlatform } from "@/platform/context";
import { isTight, roomOf, writtenByDay } from "./sums";
import css from "./Storage.module.css";

interface PlaceDetailsProps {
  place: RepositoryView;
  onAgain: () => void;
  onSettings: () => void;
  onPoints: (vm: string | undefined) => void;
}

/** One place: how it is, what is in it by two numbers, and whose it is. */
export function PlaceDetails({ place, onAgain, onSettings, onPoints }: PlaceDetailsProps) {
  const t = useText();
  const platform = usePlatform();
  const answer = useCommand("points.sums", { repository_id: place.id });
  const sums = answer.data;
  const trouble = place.error ?? place.alarm;
  const unreadable = answer.data?.unreadable.find((one) => one.repository_id === place.id);
  return (
    <div className={css.details} data-testid="place-details" data-name={place.name}>
      <Card label={place.name}>
        <div className={css.head}>
          <span className={css.bigIcon} data-tone={trouble ? "warn" : "ok"}><Database size={22} strokeWidth={1.6} aria-hidden /></span>
          <div className={css.names}>
            <h2><span>{place.name}</span><Tag><KeyRound size={12} strokeWidth={1.8} aria-hidden />{t.storage.encrypted}</Tag></h2>
            <p>{stateOf(place, t)}</p>
          </div>
          <Button icon={<History size={15} strokeWidth={1.8} aria-hidden />} onPress={() => onPoints(undefined)} isDisabled={place.points === 0} testId="place-points">{t.storage.showPoints}</Button>
          <Button onPress={onSettings} testId="place-settings">{t.storage.settings}</Button>
        </div>
        {trouble ? <div className={css.trouble}><FailureCard inset tone="warn" error={trouble} onCopy={(text) => void platform.copyText(text)} actions={place.error ? <Button kind="primary" onPress={onAgain} testId="place-again">{t.common.tryAgain}</Button> : <Button kind="primary" onPress={onSettings}>{t.storage.settings}</Button>} /></div> : null}
        {place.error ? null : <Figures place={place} sums={sums} />}
        {place.error ? null : <Room place={place} />}
      </Card>
      {unreadable && !place.error ? <StaleNote>{t.storage.partly} {unreadable.error.title}</StaleNote> : null}
      {answer.isPending && !place.error ? <Card><Loading what={t.storage.readingPoints(place.name)} usual={t.storage.readingUsual} /></Card> : null}
      {answer.error && !answer.data ? <FailureCard error={answer.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" onPress={() => void answer.refetch()}>{t.common.tryAgain}</Button>} /> : null}
      {sums && !place.error ? (
        <>
          <div className={css.pair}>
            <Written hours={sums.written} />
            <Health place={place} vms={sums.vms} />
          </div>
          <Vms sums={sums.vms} onPoints={onPoints} />
        </>
      ) : null}
    </div>
  );
}

function stateOf(place: RepositoryView, t: ReturnType<typeof useText>): string {
  if (place.error) return t.storage.stateAway;
  if (place.alarm) return t.storage.stateLook;
  return isTight(place.free, place.total) ? t.storage.stateTight : t.storage.stateReady;
}

function Figure({ name, value, unit, under }: { name: string; value: string; unit?: string; under: ReactNode }) {
  return <div className={css.figure}><dt>{name}</dt><dd className={css.number}>{value}{unit ? <small>{` ${unit}`}</small> : null}</dd><dd className={css.under}>{under}</dd></div>;
}

function Figures({ place, sums }: { place: RepositoryView; sums: PointSums | undefined }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const takes = bytes(place.stored, language);
  const whole = sums?.vms.reduce((sum, vm) => sum + vm.capacity, 0) ?? null;
  const would = whole === null ? null : bytes(whole, language);
  const month = sums ? bytes(writtenByDay(sums.written, 30, now).reduce((sum, day) => sum + day.written, 0), language) : null;
  return (
    <dl className={css.figures}>
      <Figure name={t.storage.would} value={would?.value ?? "–"} {...(would ? { unit: would.unit } : {})} under={t.storage.wouldUnder} />
      <Figure name={t.storage.takes} value={takes.value} unit={takes.unit} under={whole ? t.storage.takesUnder(percent(place.stored, whole), bytesText(whole, language)) : t.storage.afterSaving} />
      <Figure name={t.storage.month} value={month?.value ?? "–"} {...(month ? { unit: month.unit } : {})} under={t.storage.monthUnder} />
      <Figure name={t.storage.points} value={countText(place.points, language)} under={sums ? t.storage.pointsUnder(sums.vms.length) : ""} />
    </dl>
  );
}

function Room({ place }: { place: RepositoryView }) {
  const t = useText();
  const language = useLanguage();
  const room = roomOf(place);
  if (!room) return <p className={css.noRoom}>{t.storage.roomUnknown}</p>;
  const part = (count: number) => `${(count / room.total) * 100}%`;
  const text = (count: number) => bytesText(count, language);
  return (
    <div className={css.room}>
      <div className={css.roomBar} role="img" aria-label={t.storage.roomText(text(room.ours), text(room.other), text(room.free), text(room.total))}>
        <span data-part="ours" style={{ width: part(room.ours) }} /><span data-part="other" style={{ width: part(room.other) }} />
      </div>
      <ul className={css.roomLegend} aria-hidden="true">
        <li><i data-part="ours" />{t.storage.ours} <b>{text(room.ours)}</b></li>
        <li><i data-part="other" />{t.storage.other} <b>{text(room.other)}</b></li>
        <li><i data-part="free" />{t.storage.freeWord} <b>{text(room.free)}</b></li>
        <li className={css.whole}>{t.storage.whole(text(room.total))}</li>
      </ul>
    </div>
  );
}

function Written({ hours }: { hours: readonly WrittenHour[] }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const days = writtenByDay(hours, 30, now);
  return (
    <Card testId="written">
      <CardHead title={t.storage.writtenDays} fact={t.storage.writtenFact} />
      <DayBars label={t.storage.writtenDays} first={dateText(days[0]?.day ?? now, now, language)} last={t.storage.today}
        bars={days.map(({ day, written, points: count }) => ({ key: String(day.getTime()), name: dateText(day, now, language), value: written, text: t.storage.writtenText(dateText(day, now, language), bytesText(written, language), count) }))} />
    </Card>
  );
}

function Health({ place, vms }: { place: RepositoryView; vms: readonly VmSum[] }) {
  const t = useText();
  const newest = vms.reduce<string | null>((best, vm) => (best === null || vm.newest > best ? vm.newest : best), null);
  const oldest = vms.reduce<string | null>((best, vm) => (best === null || vm.oldest < best ? vm.oldest : best), null);
  const [warned, points] = vms.reduce<[number, number]>(([some, all], vm) => [some + vm.warned, all + vm.points], [0, 0]);
  return (
    <Card testId="health">
      <CardHead title={t.storage.health} end={place.alarm ? <Chip glyph="warned">{t.storage.look}</Chip> : <Chip glyph="ok">{t.storage.asSeen}</Chip>} />
      <CardBody>
        <Facts rows={[
          { name: t.storage.newest, value: newest ? <Ago time={newest} /> : t.storage.none },
          { name: t.storage.oldest, value: oldest ? <Moment time={oldest} /> : t.storage.none },
          { name: t.storage.warned, value: t.storage.warnedOf(warned, points) },
          ...(place.created_at ? [{ name: t.storage.made, value: <Moment time={place.created_at} /> }] : []),
        ]} />
      </CardBody>
    </Card>
  );
}

function Vms({ sums, onPoints }: { sums: readonly VmSum[]; onPoints: (vm: string | undefined) => void }) {
  const t = useText();
  const language = useLanguage();
  // The table knows its rows by an id.
  const vms = sums.map((vm) => ({ ...vm, id: vm.key })).sort((a, b) => b.stored - a.stored || a.name.localeCompare(b.name));
  const columns: TableColumn<(typeof vms)[number]>[] = [
    { key: "vm", name: t.storage.colVm, width: "2fr", minWidth: 140, cell: (vm) => <b className={css.vm}>{vm.name}</b> },
    { key: "whole", name: t.storage.would, width: 120, end: true, cell: (vm) => <Bytes count={vm.capacity} /> },
    { key: "written", name: t.storage.colWritten, width: 120, end: true, cell: (vm) => <Bytes count={vm.stored} /> },
    { key: "points", name: t.storage.points, width: 130, end: true, cell: (vm) => countText(vm.points, language) },
    { key: "newest", name: t.storage.newest, width: 140, end: true, cell: (vm) => <Ago time={vm.newest} /> },
  ];
  return (
    <Card fill label={t.storage.byVm}>
      <CardHead title={t.storage.byVm} fact={vms.length > 0 ? countText(vms.length, language) : undefined} />
      <div className={css.table}>
        <Table label={t.storage.byVm} testId="place-vms" columns={columns} items={vms} textOf={(vm) => vm.name} onOpen={(id) => onPoints(vms.find((vm) => vm.id === id)?.name)} empty={<EmptyState icon={null} title={t.storage.noPoints} text={t.storage.noPointsText} />} />
      </div>
      {vms.length > 0 ? <CardFoot><span>{t.storage.foot}</span></CardFoot> : null}
    </Card>
  );
}
