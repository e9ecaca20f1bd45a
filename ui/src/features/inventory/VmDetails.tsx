import { History } from "lucide-react";
import type { ReactNode } from "react";
import type { ServerView } from "@/api/generated/ServerView";
import type { VmView } from "@/api/generated/VmView";
import { Button } from "@/components/Button";
import { FailureCard } from "@/components/FailureCard";
import { Sign, Tag } from "@/components/Glyph";
import { StaleNote } from "@/components/States";
import { Tabs } from "@/components/Tabs";
import { TextAction } from "@/components/Button";
import { Ago } from "@/components/Words";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { relativeText } from "@/lib/time";
import { usePlatform } from "@/platform/context";
import { BackupButton } from "./BackupButton";
import { ProtectionCard } from "./ProtectionCard";
import { useBackup } from "./useBackup";
import { VmOverview } from "./VmOverview";
import { useStanding } from "@/api/vm-state";
import { StandingGlyph } from "./StandingGlyph";
import css from "./Details.module.css";

export interface VmDetailsProps {
  server: ServerView;
  vm: VmView;
  tab: "overview" | "points";
  onTab: (tab: "overview" | "points") => void;
  onStarted: (runId: string) => void;
  onRestore: (vm: VmView) => void;
  onAddRepository: () => void;
  /** Makes a job of it. */
  onJob: () => void;
  /** The recovery points of the VM; the application hands the list in. */
  renderPoints: (vm: VmView) => ReactNode;
}

/** One VM: how safe it is, what it is made of, what can be restored. */
export function VmDetails({ server, vm, tab, onTab, onStarted, onRestore, onAddRepository, onJob, renderPoints }: VmDetailsProps) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const platform = usePlatform();
  const { standing } = useStanding();
  const backup = useBackup(server.id, onStarted);
  const gone = vm.gone_since !== null;
  return (
    <div className={css.details} data-testid="vm-details" data-name={vm.name}>
      <header className={css.head}>
        <StandingGlyph size="big" state={standing(server.id, vm)} />
        <div className={css.titles}>
          <div className={css.titleRow}>
            <h2 className={css.title}>{vm.name}</h2>
            {vm.guest ? <Tag>{vm.guest}</Tag> : null}
            {vm.host ? <Tag>{vm.host}</Tag> : null}
          </div>
          <p className={css.under}>
            {vm.gone_since !== null ? <span title={vm.gone_since}>{t.inventory.goneSince(relativeText(new Date(vm.gone_since), now, language))} </span> : null}
            {vm.also_through.length > 0 ? `${t.inventory.alsoThrough(vm.also_through.join(", "))} ` : null}
            {vm.problem ?? (vm.last_point ? <span title={vm.last_point.taken_at}>{t.inventory.lastPoint(relativeText(new Date(vm.last_point.taken_at), now, language))}</span> : t.inventory.noPoint)}
          </p>
        </div>
        <div className={css.buttons}>
          {gone ? null : <BackupButton backup={backup} vms={[vm.reference]} name={t.inventory.backUp} isDisabled={vm.problem !== null} testId="vm-backup" />}
          {vm.cold ? <Button isDisabled={!backup.repository} isPending={backup.isPending} onPress={() => backup.run([vm.reference], "cold")} testId="vm-cold">{t.inventory.copyCold}</Button> : null}
          <Button kind={gone ? "primary" : "plain"} icon={<History size={15} strokeWidth={1.8} aria-hidden />} isDisabled={!vm.last_point} onPress={() => onRestore(vm)} testId="vm-restore">{t.inventory.restore}</Button>
        </div>
      </header>
      {vm.notes.map((note) => <p key={note} className={css.note} data-testid="vm-note"><Sign name="warned" size={11} />{note}</p>)}
      {backup.homeless ? <StaleNote action={<TextAction onPress={onAddRepository}>{t.inventory.noRepositoryAction}</TextAction>}>{t.inventory.noRepository}</StaleNote> : null}
      {backup.error ? <FailureCard error={backup.error} onCopy={(text) => void platform.copyText(text)} /> : null}
      {/* Nothing is known of its disks any more: what is left are its recovery points. */}
      {gone ? renderPoints(vm) : <Tabs label={vm.name} value={tab} onChange={onTab} tabs={[
        { key: "overview", name: t.inventory.tabOverview, content: <VmOverview vm={vm} protection={<ProtectionCard server={server.id} vm={vm} onJob={onJob} />} last={vm.last_point ? <Ago time={vm.last_point.taken_at} /> : t.inventory.never} /> },
        { key: "points", name: t.inventory.tabPoints, content: renderPoints(vm) },
      ]} />}
    </div>
  );
}
