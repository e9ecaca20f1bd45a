import { Card, CardHead } from "@/components/Card";
import { Select } from "@/components/Select";
import { useLanguage, useText } from "@/i18n/context";
import { bytesText } from "@/lib/units";
import type { Restore } from "./useRestore";
import css from "./Restore.module.css";

/** Where each disk goes, of a VM that has several. Those that nobody moved go back to where they lay. */
export function DiskPlaces({ restore }: { restore: Restore }) {
  const t = useText();
  const language = useLanguage();
  const disks = restore.places.data?.disks ?? [];
  const usable = restore.datastores.filter((one) => one.accessible);
  if (disks.length < 2 || usable.length < 2) return null;
  return (
    <Card label={t.restore.diskPlaces}>
      <CardHead title={t.restore.diskPlaces} fact={t.restore.diskPlacesText} />
      {disks.map((disk) => (
        <div key={disk.key} className={css.diskRow}>
          <span className={css.placeName}>
            <b className={css.strong}>{disk.label}</b>
            <span className={css.second}>{bytesText(disk.capacity, language)}{disk.lay === null ? "" : `, ${t.restore.diskLay(disk.lay)}`}</span>
          </span>
          <Select bare label={t.restore.diskPlace(disk.label)} value={disk.datastore} onChange={(place) => restore.setPlace(disk.key, place)} options={usable.map((one) => ({ key: one.name, name: one.name }))} testId={`disk-place-${disk.key}`} />
        </div>
      ))}
    </Card>
  );
}
