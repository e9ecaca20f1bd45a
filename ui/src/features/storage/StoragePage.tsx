import { Database, Plus } from "lucide-react";
import { ListBox, ListBoxItem } from "react-aria-components";
import { useCommand } from "@/api/client";
import type { RepositoryView } from "@/api/generated/RepositoryView";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { FailureCard } from "@/components/FailureCard";
import { Glyph } from "@/components/Glyph";
import { Page } from "@/components/Page";
import { Bar } from "@/components/Progress";
import { EmptyState, Loading, StaleAnswer } from "@/components/States";
import { useLanguage, useText } from "@/i18n/context";
import { bytesOf, bytesText } from "@/lib/units";
import { usePlatform } from "@/platform/context";
import { PlaceDetails } from "./PlaceDetails";
import { isTight } from "./sums";
import css from "./Storage.module.css";

interface StoragePageProps {
  place: string | undefined;
  onPlace: (id: string) => void;
  onAdd: () => void;
  onSettings: () => void;
  onPoints: (vm: string | undefined) => void;
}

/** The places recovery points are kept in, and one of them in detail. */
export function StoragePage({ place, onPlace, onAdd, onSettings, onPoints }: StoragePageProps) {
  const t = useText();
  const language = useLanguage();
  const platform = usePlatform();
  const answer = useCommand("repositories.list", {});
  const places = answer.data?.repositories ?? [];
  const chosen = places.find((one) => one.id === place) ?? places[0];
  const stored = places.reduce((sum, one) => sum + (one.error ? 0 : one.stored), 0);
  return (
    <Page title={t.storage.title} fact={places.length > 0 ? t.storage.fact(places.length, bytesText(stored, language)) : undefined} testId="storage-page">
      {answer.error && !answer.data ? <FailureCard error={answer.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" isPending={answer.isFetching} onPress={() => void answer.refetch()}>{t.common.tryAgain}</Button>} /> : null}
      {answer.error && answer.data ? <div className={css.stale}><StaleAnswer answer={answer} /></div> : null}
      {answer.isPending ? <Card><Loading what={t.storage.reading} /></Card> : null}
      {answer.data && !chosen ? <Card><EmptyState icon={<Database size={36} strokeWidth={1.2} aria-hidden />} title={t.storage.emptyTitle} text={t.storage.emptyText} action={<Button kind="primary" onPress={onAdd}>{t.storage.add}</Button>} /></Card> : null}
      {chosen ? (
        <div className={css.columns}>
          <div className={css.places}>
            <ListBox aria-label={t.storage.places} selectionMode="single" disallowEmptySelection selectedKeys={[chosen.id]} onSelectionChange={(keys) => { if (keys !== "all") for (const key of keys) onPlace(String(key)); }} className={css.list ?? ""} data-testid="places">
              {places.map((one) => <ListBoxItem key={one.id} id={one.id} textValue={one.name} className={css.place ?? ""} data-testid="place" data-name={one.name}><PlaceLine place={one} /></ListBoxItem>)}
            </ListBox>
            <Button icon={<Plus size={15} strokeWidth={2} aria-hidden />} kind="quiet" onPress={onAdd} testId="storage-add">{t.storage.add}</Button>
          </div>
          <PlaceDetails key={chosen.id} place={chosen} onAgain={() => void answer.refetch()} onSettings={onSettings} onPoints={onPoints} />
        </div>
      ) : null}
    </Page>
  );
}

function PlaceLine({ place }: { place: RepositoryView }) {
  const t = useText();
  const language = useLanguage();
  const { free, total, error, alarm } = place;
  const amount = free !== null && total !== null ? bytesOf(total - free, total, language) : null;
  const [glyph, word] = error ? (["waiting", t.storage.away] as const) : alarm ? (["warned", t.storage.look] as const) : isTight(free, total) ? (["warned", t.storage.tight] as const) : (["ok", t.storage.ready] as const);
  return (
    <>
      <span className={css.placeHead}><Database size={17} strokeWidth={1.6} aria-hidden /><b>{place.name}</b><Glyph name={glyph} label={word} /></span>
      <span>{error ? word : amount ? t.common.of(amount.done, amount.total, amount.unit) : t.storage.takesOnly(bytesText(place.stored, language))}</span>
      {!error && free !== null && total !== null ? <Bar label={place.name} size="row" tone={isTight(free, total) ? "warn" : "mute"} done={total - free} total={total} /> : null}
      <small>{place.path}</small>
    </>
  );
}
