import type { DatastoreView } from "@/api/generated/DatastoreView";
import { Button } from "@/components/Button";
import { RadioRow, RadioRows } from "@/components/Choice";
import { FailureCard } from "@/components/FailureCard";
import { Chip } from "@/components/Glyph";
import { RoomBar } from "@/components/Progress";
import { Loading } from "@/components/States";
import { useLanguage, useText } from "@/i18n/context";
import { bytesText } from "@/lib/units";
import { usePlatform } from "@/platform/context";
import type { Restore } from "./useRestore";
import css from "./Restore.module.css";

type Fit = "fits" | "tight" | "noRoom" | "notReady";

/** Whether what may be needed at most fits, and comfortably. */
export function fitOf(place: DatastoreView, need: number): Fit {
  if (!place.accessible) return "notReady";
  if (place.free < need) return "noRoom";
  return place.free - need < place.capacity * 0.1 ? "tight" : "fits";
}

/** Used, needed and left of each place in one bar. */
export function Datastores({ restore, need }: { restore: Restore; need: number }) {
  const t = useText();
  const language = useLanguage();
  const platform = usePlatform();
  const { targets } = restore;
  if (targets.isPending) return <Loading what={t.common.reading} />;
  if (targets.error && !targets.data) return <div className={css.inset}><FailureCard inset error={targets.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" isPending={targets.isFetching} onPress={() => void targets.refetch()}>{t.common.tryAgain}</Button>} /></div>;
  const chips: Record<Fit, ["ok" | "warned" | "off", string]> = { fits: ["ok", t.restore.fits], tight: ["warned", t.restore.tight], noRoom: ["off", t.restore.noRoom], notReady: ["off", t.restore.notReady] };
  return (
    <RadioRows label={t.restore.place} shape="rows" value={restore.datastore?.name ?? null} onChange={restore.setDatastore}>
      {restore.datastores.map((place) => {
        const fit = fitOf(place, need);
        const [glyph, word] = chips[fit];
        const left = t.restore.left(bytesText(place.free, language));
        return (
          <RadioRow key={place.name} value={place.name} testId={`datastore-${place.name}`} label={`${place.name}, ${left}, ${word}`} isDisabled={fit === "notReady"}>
            <span className={css.placeName}><b className={css.strong}>{place.name}</b><span className={css.second}>{restore.server?.name}</span></span>
            <span className={css.placeRoom}><RoomBar label={left} used={place.capacity - place.free} need={Math.min(need, place.free)} total={place.capacity} /><span className={css.second}>{place.kind}, {bytesText(place.capacity, language)}</span></span>
            <span className={css.placeLeft}>{left}</span>
            <span className={css.placeChip}><Chip glyph={glyph}>{word}</Chip></span>
          </RadioRow>
        );
      })}
    </RadioRows>
  );
}
