import type { PlaceView } from "@/api/generated/PlaceView";
import { Bar } from "@/components/Progress";
import { useLanguage, useText } from "@/i18n/context";
import { bytesText } from "@/lib/units";
import css from "./KeepForm.module.css";

/** Room at a place and whether a repository lies there already. */
export function PlaceLine({ place }: { place: PlaceView | undefined }) {
  const t = useText();
  const language = useLanguage();
  if (!place) return <span className={css.place}>{t.common.reading}</span>;
  const known = place.free !== null && place.total !== null;
  const room = known ? t.firstRun.placeFree(bytesText(place.free ?? 0, language), bytesText(place.total ?? 0, language)) : t.firstRun.placeUnknown;
  return (
    <span className={css.place} data-testid="repository-place" data-exists={place.repository || undefined}>
      {known ? <span className={css.room}><Bar label={room} done={(place.total ?? 0) - (place.free ?? 0)} total={place.total ?? 0} tone="mute" size="row" /></span> : null}
      <span>{room}</span>
      <span>{place.repository ? t.firstRun.placeTaken : t.firstRun.placeNew}</span>
    </span>
  );
}
