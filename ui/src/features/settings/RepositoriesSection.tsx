import { Database, Plus } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useAction, useCommand } from "@/api/client";
import type { ErrorView } from "@/api/errors";
import type { RepositoryView } from "@/api/generated/RepositoryView";
import { Button } from "@/components/Button";
import { Card, CardBody, Facts } from "@/components/Card";
import { Confirm, PanelDialog } from "@/components/Dialog";
import { FailureCard } from "@/components/FailureCard";
import { StateWord } from "@/components/Glyph";
import { Sentence } from "@/components/Page";
import { Bar } from "@/components/Progress";
import { EmptyState, Loading, StaleAnswer } from "@/components/States";
import { toast } from "@/components/toasts";
import { Bytes, Moment } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { bytesText, countText } from "@/lib/units";
import { usePlatform } from "@/platform/context";
import css from "./Settings.module.css";

interface RepositoriesSectionProps {
  adding: boolean;
  onAdding: (open: boolean) => void;
  renderKeep: (ready: (repository: RepositoryView) => void) => ReactNode;
}

/** Where recovery points are kept. */
export function RepositoriesSection({ adding, onAdding, renderKeep }: RepositoriesSectionProps) {
  const t = useText();
  const platform = usePlatform();
  const answer = useCommand("repositories.list", {});
  const ready = () => {
    toast({ tone: "ok", text: t.settings.repositoryAdded });
    onAdding(false);
  };
  return (
    <>
      <div className={css.top}>
        <Sentence under={t.settings.repositoriesText}>{t.settings.repositories}</Sentence>
        <Button icon={<Plus size={15} strokeWidth={2} aria-hidden />} onPress={() => onAdding(true)} testId="repository-add">{t.settings.addRepository}</Button>
      </div>
      <StaleAnswer answer={answer} />
      {answer.isPending ? <Loading what={t.common.reading} /> : null}
      {answer.error && !answer.data ? <FailureCard error={answer.error.view} onCopy={(text) => void platform.copyText(text)} actions={<Button kind="primary" onPress={() => void answer.refetch()}>{t.common.tryAgain}</Button>} /> : null}
      {answer.data?.repositories.length === 0 ? <Card><EmptyState icon={<Database size={36} strokeWidth={1.2} aria-hidden />} title={t.settings.noRepositories} text={t.settings.noRepositoriesText} /></Card> : null}
      <div className={css.cards}>{answer.data?.repositories.map((repository) => <RepositoryCard key={repository.id} repository={repository} />)}</div>
      <PanelDialog isOpen={adding} label={t.settings.addRepository} onClose={() => onAdding(false)}>
        <Sentence under={t.firstRun.keepText}>{t.settings.addRepository}</Sentence>
        <div className={css.panelForm}>{renderKeep(ready)}</div>
        <div className={css.panelFoot}><Button onPress={() => onAdding(false)} testId="repository-add-close">{t.common.close}</Button></div>
      </PanelDialog>
    </>
  );
}

function RepositoryCard({ repository }: { repository: RepositoryView }) {
  const t = useText();
  const language = useLanguage();
  const platform = usePlatform();
  const detach = useAction("repositories.detach");
  const [asking, setAsking] = useState(false);
  const { free, total } = repository;
  const yes = () => detach.mutate({ repository_id: repository.id }, { onSettled: () => setAsking(false), onError: (error) => toast({ tone: "bad", text: error.view.title || t.failure.unexpectedTitle }) });
  return (
    <Card label={repository.name} testId={`repository-${repository.id}`}>
      <CardBody>
        <header className={css.cardHead}>
          <span className={css.bigIcon}><Database size={22} strokeWidth={1.6} aria-hidden /></span>
          <div className={css.cardNames}><h3 className={css.cardTitle}>{repository.name}</h3><p className={css.second} data-selectable>{repository.path}</p></div>
          <Button size="small" kind="danger" onPress={() => setAsking(true)} testId={`repository-remove-${repository.id}`}>{t.settings.remove}</Button>
        </header>
        <Facts rows={[
          { name: t.settings.state, value: <RepositoryState repository={repository} /> },
          ...(repository.error ? [] : [
            { name: t.settings.points, value: countText(repository.points, language) },
            { name: t.settings.stored, value: <Bytes count={repository.stored} /> },
            ...(free === null || total === null ? [] : [{ name: t.settings.room, value: <span className={css.room}><Bar label={t.settings.room} size="row" tone={free < total * 0.1 ? "warn" : "mute"} done={total - free} total={total} />{t.common.free(bytesText(free, language), bytesText(total, language))}</span> }]),
          ]),
          ...(repository.created_at ? [{ name: t.settings.made, value: <Moment time={repository.created_at} /> }] : []),
        ]} />
        {repository.error ? <div className={css.failure}><FailureCard inset tone="warn" error={repository.error} onCopy={(text) => void platform.copyText(text)} /></div> : null}
        {repository.alarm ? <Alarm repository={repository} alarm={repository.alarm} /> : null}
      </CardBody>
      <Confirm isOpen={asking} title={t.settings.detachTitle(repository.name)} action={t.settings.detachYes} danger isPending={detach.isPending} onAction={yes} onClose={() => setAsking(false)} testId="repository-remove-confirm">{t.settings.detachText}</Confirm>
    </Card>
  );
}

function RepositoryState({ repository: { error, alarm } }: { repository: RepositoryView }) {
  const t = useText();
  if (error) return <StateWord glyph="warned">{t.settings.notReachable}</StateWord>;
  if (alarm) return <StateWord glyph="warned">{t.settings.needsLook}</StateWord>;
  return <StateWord glyph="ok">{t.settings.ready}</StateWord>;
}

/** What in a repository cannot have come about by its own rules, until somebody says that it is right so. */
function Alarm({ repository: { id, name }, alarm }: { repository: RepositoryView; alarm: ErrorView }) {
  const t = useText();
  const platform = usePlatform();
  const accept = useAction("repositories.accept");
  const [asking, setAsking] = useState(false);
  const yes = () => accept.mutate({ repository_id: id }, {
    onSettled: () => setAsking(false),
    onSuccess: () => toast({ tone: "ok", text: t.settings.accepted(name) }),
    onError: (error) => toast({ tone: "bad", text: error.view.title || t.failure.unexpectedTitle }),
  });
  return (
    <div className={css.failure}>
      <FailureCard inset tone="warn" error={alarm} onCopy={(text) => void platform.copyText(text)} actions={<Button onPress={() => setAsking(true)} testId={`repository-accept-${id}`}>{t.settings.accept}</Button>} testId="alarm" />
      <Confirm isOpen={asking} title={t.settings.acceptTitle(name)} action={t.settings.accept} isPending={accept.isPending} onAction={yes} onClose={() => setAsking(false)} testId="repository-accept-confirm">{t.settings.acceptText}</Confirm>
    </div>
  );
}
