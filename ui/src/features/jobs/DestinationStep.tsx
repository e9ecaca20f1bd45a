import { Plus } from "lucide-react";
import { useState, type ReactNode } from "react";
import type { RepositoryView } from "@/api/generated/RepositoryView";
import { Button } from "@/components/Button";
import { RadioRow, RadioRows } from "@/components/Choice";
import { PanelDialog } from "@/components/Dialog";
import { Chip, Tag } from "@/components/Glyph";
import { RoomBar } from "@/components/Progress";
import { EmptyState, Loading } from "@/components/States";
import { useLanguage, useText } from "@/i18n/context";
import { bytesText } from "@/lib/units";
import { StepHead } from "./WizardFrame";
import css from "./Wizard.module.css";

interface DestinationStepProps {
  /** Undefined while they are read. */
  repositories: readonly RepositoryView[] | undefined;
  value: string;
  /** Bytes that the first run may add at most. */
  need: number;
  onChange: (id: string) => void;
  /** The form that makes a place; it calls back with what it made. */
  renderKeep: (ready: (repository: RepositoryView) => void) => ReactNode;
}

/** Where to: a card for each place. */
export function DestinationStep({ repositories, value, need, onChange, renderKeep }: DestinationStepProps) {
  const t = useText();
  const [adding, setAdding] = useState(false);
  const add = <Button icon={<Plus size={15} strokeWidth={2} aria-hidden />} onPress={() => setAdding(true)} testId="job-place-add">{t.jobWizard.addPlace}</Button>;
  return (
    <>
      <StepHead title={t.jobWizard.destination} text={t.jobWizard.destinationText} end={repositories?.length ? add : null} />
      {repositories === undefined ? <Loading what={t.common.reading} /> : repositories.length === 0 ? <EmptyState icon={null} title={t.jobWizard.noPlaces} text={t.jobWizard.noPlacesText} action={add} /> : (
        <RadioRows label={t.jobWizard.destination} value={value} onChange={onChange} shape="cards">
          {repositories.map((place) => <Place key={place.id} place={place} need={place.id === value ? need : 0} />)}
        </RadioRows>
      )}
      <PanelDialog isOpen={adding} label={t.jobWizard.addPlace} onClose={() => setAdding(false)}>
        {renderKeep((made) => { setAdding(false); onChange(made.id); })}
      </PanelDialog>
    </>
  );
}

function Place({ place, need }: { place: RepositoryView; need: number }) {
  const t = useText();
  const language = useLanguage();
  const room = place.free !== null && place.total !== null ? t.common.free(bytesText(place.free, language), bytesText(place.total, language)) : place.free !== null ? t.jobWizard.freeAfter(bytesText(place.free, language)) : t.common.unknown;
  return (
    <RadioRow value={place.id} label={`${place.name}, ${room}`} testId={`job-place-${place.name}`}>
      <span className={css.place}>
        <span className={css.placeName}>{place.name}</span>
        <span className={css.placePath} title={place.path}>{place.path}</span>
        {place.free !== null && place.total !== null ? <RoomBar label={t.jobWizard.roomLabel(place.name)} used={place.total - place.free} need={need} total={place.total} /> : null}
        <span className={css.placeRoom}>{room}</span>
        <span className={css.tags}>
          {place.error ? <Chip glyph="waiting">{t.jobWizard.notReachable}</Chip> : null}
          {place.alarm ? <Chip glyph="warned">{t.jobWizard.alarm}</Chip> : null}
          {place.error ? null : <Tag>{t.jobWizard.points(place.points)}</Tag>}
          <Tag>{t.jobWizard.encrypted}</Tag>
        </span>
      </span>
    </RadioRow>
  );
}
