import type { PointView } from "@/api/generated/PointView";
import { Button, TextAction } from "@/components/Button";
import { Card, CardBody, CardHead } from "@/components/Card";
import { RadioRow, RadioRows, Segmented } from "@/components/Choice";
import { Field } from "@/components/Field";
import { Sentence } from "@/components/Page";
import { Select } from "@/components/Select";
import { StaleNote } from "@/components/States";
import { useLanguage, useText } from "@/i18n/context";
import { bytesText } from "@/lib/units";
import { usePlatform } from "@/platform/context";
import { Sign } from "@/components/Glyph";
import { Datastores } from "./Datastores";
import { DiskPlaces } from "./DiskPlaces";
import { OverTarget } from "./OverTarget";
import type { Restore } from "./useRestore";
import css from "./Restore.module.css";

/** Where it should come back: a new VM beside the original, one disk as a file, or over the original. */
export function WhereStep({ point, restore }: { point: PointView; restore: Restore }) {
  const t = useText();
  return (
    <div className={css.stack}>
      <Sentence under={restore.what === "over" ? t.restore.whereOverText : t.restore.whereVmText}>{t.restore.whereVm(point.vm_name)}</Sentence>
      <RadioRows label={t.restore.whereVm(point.vm_name)} shape="cards" value={restore.what} onChange={(value) => restore.setWhat(value === "disk" || value === "over" ? value : "vm")}>
        <RadioRow value="vm" testId="restore-as-vm" label={t.restore.asVm} isDisabled={restore.servers.length === 0}>
          <span><b className={css.strong}>{t.restore.asVm}</b><span className={css.second}>{restore.servers.length === 0 ? t.restore.noServer : t.restore.asVmText}</span></span>
        </RadioRow>
        <RadioRow value="disk" testId="restore-as-disk" label={t.restore.asImage}>
          <span><b className={css.strong}>{t.restore.asImage}</b><span className={css.second}>{t.restore.asImageText}</span></span>
        </RadioRow>
        {restore.advanced ? (
          <RadioRow value="over" testId="restore-as-over" label={t.restore.asOver} isDisabled={restore.servers.length === 0 || point.source === "image"}>
            <span><b className={css.strong}>{t.restore.asOver}</b><span className={css.second}>{t.restore.asOverText}</span></span>
          </RadioRow>
        ) : null}
      </RadioRows>
      {restore.advanced ? null : <div><TextAction onPress={() => restore.setAdvanced(true)} testId="restore-advanced">{t.restore.advanced}</TextAction></div>}
      {restore.what === "vm" ? <VmTarget point={point} restore={restore} /> : restore.what === "over" ? <OverTarget restore={restore} /> : <DiskTarget point={point} restore={restore} />}
    </div>
  );
}

function VmTarget({ point, restore }: { point: PointView; restore: Restore }) {
  const t = useText();
  const language = useLanguage();
  const empty = restore.name.trim() === "";
  const wakes = [
    [t.restore.wakesPower, t.restore.wakesPowerValue, t.restore.wakesPowerText],
    [t.restore.wakesNetwork, t.restore.wakesNetworkValue, t.restore.wakesNetworkText],
  ] as const;
  return (
    <div className={css.columns}>
      <div className={css.stack}>
        <Card label={t.restore.place}>
          <CardHead title={t.restore.place} fact={t.restore.needs(bytesText(point.capacity, language))}
            end={restore.servers.length > 1 ? <Select bare label={t.restore.server} value={restore.server?.id ?? null} onChange={restore.setServer} options={restore.servers.map((one) => ({ key: one.id, name: one.name }))} testId="restore-server" /> : undefined} />
          <Datastores restore={restore} need={point.capacity} />
        </Card>
        <DiskPlaces restore={restore} />
        <Card label={t.restore.name}>
          <CardBody>
            <Field label={t.restore.name} testId="restore-name" value={restore.name} onChange={restore.setName} error={restore.taken ? t.restore.nameTaken : empty ? t.restore.nameMissing : null}
              inside={!restore.taken && !empty && restore.targets.data ? <span className={css.free}><Sign name="ok" size={10} />{t.restore.nameFree}</span> : null} />
          </CardBody>
        </Card>
      </div>
      <Card label={t.restore.wakes}>
        <CardHead title={t.restore.wakes} />
        {wakes.map(([name, value, text]) => (
          <div key={name} className={css.wake}>
            <p className={css.wakeTop}><span>{name}</span><b>{value}</b></p>
            <p className={css.second}>{text}</p>
          </div>
        ))}
        <div className={css.wake}>
          <div className={css.wakeTop}><span>{t.restore.wakesMac}</span>
            <Segmented label={t.restore.wakesMac} value={restore.identity} onChange={restore.setIdentity} testId="restore-identity" options={[{ key: "new", label: t.restore.wakesMacValue }, { key: "keep", label: t.restore.wakesMacKeep }]} />
          </div>
          <p className={css.second}>{restore.identity === "keep" ? t.restore.wakesMacKeepText : t.restore.wakesMacText}</p>
        </div>
      </Card>
    </div>
  );
}

function DiskTarget({ point, restore }: { point: PointView; restore: Restore }) {
  const t = useText();
  const language = useLanguage();
  const platform = usePlatform();
  const disk = point.disks.find((one) => one.index === restore.disk) ?? point.disks[0];
  const choose = async () => {
    const path = await platform.pickSaveFile({ title: t.restore.fileChooseTitle, name: `${point.vm_name}-disk${restore.disk}.raw` });
    if (path !== null) restore.setPath(path);
  };
  return (
    <Card label={t.restore.asImage}>
      <CardBody>
        <div className={css.stack}>
          {disk ? (
            <div className={css.half}>
              <Select label={t.restore.disk} value={String(restore.disk)} onChange={(key) => restore.setDisk(Number(key))} options={point.disks.map((one) => ({ key: String(one.index), name: t.restore.diskOf(one.label, bytesText(one.capacity, language)) }))} testId="restore-disk" />
            </div>
          ) : <StaleNote>{t.inventory.noDisks}</StaleNote>}
          <Field label={t.restore.file} testId="restore-path" value={restore.path} onChange={restore.setPath} hint={t.restore.fileText} beside={<Button onPress={() => void choose()} testId="restore-path-choose">{t.restore.fileChoose}</Button>} />
        </div>
      </CardBody>
    </Card>
  );
}
