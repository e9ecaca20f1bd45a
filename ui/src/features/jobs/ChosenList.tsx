import { ChevronRight, ListFilter, X } from "lucide-react";
import { useState } from "react";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { JobView } from "@/api/generated/JobView";
import type { SourceView } from "@/api/generated/SourceView";
import { disksOf, isDiskOut, lost, noChoice, savedSize, setDisk, setVms, type Choice, type Member } from "@/api/members";
import { TextAction } from "@/components/Button";
import { Checkbox } from "@/components/Choice";
import { Chip } from "@/components/Glyph";
import { EmptyState } from "@/components/States";
import { Bytes } from "@/components/Words";
import { useText } from "@/i18n/context";
import { askedOf, pickWords } from "./rule";
import { usePlan } from "./usePlan";
import css from "./SourceStep.module.css";

interface ChosenListProps {
  members: readonly Member[];
  inventories: readonly InventoryView[];
  choice: Choice;
  repository: string;
  jobs: readonly JobView[];
  onChange: (choice: Choice) => void;
  /** Opens a rule to change it. */
  onRule: (list: "sources" | "without", place: number) => void;
}

/** What is chosen: rules first, then the VMs with their disks, then what is left out. */
export function ChosenList({ members, inventories, choice, repository, jobs, onChange, onRule }: ChosenListProps) {
  const t = useText();
  const { saved, all } = disksOf(members, choice);
  const gone = lost(inventories, choice);
  const rules = choice.sources.flatMap((source, place) => (source.pick.by === "rule" ? [{ source, place }] : []));
  const less = (list: "sources" | "without", place: number) => onChange({ ...choice, [list]: choice[list].filter((_, index) => index !== place) });
  const line = (list: "sources" | "without", source: SourceView, place: number) => (
    <RuleLine key={`${list}/${JSON.stringify(source)}`} source={source} place={place} server={inventories.length > 1 ? (inventories.find((one) => one.server_id === source.server_id)?.server_name ?? null) : null} leavesOut={list === "without"} repository={repository} jobs={jobs}
      onEdit={source.pick.by === "rule" ? () => onRule(list, place) : null} onOut={() => less(list, place)} />
  );
  const some = choice.sources.length + choice.without.length + choice.leave_out.length > 0;
  return (
    <section className={css.chosen} aria-label={t.jobWizard.chosen} data-testid="source-chosen">
      <header className={css.chosenHead}>
        <h3 className={css.chosenTitle}>{t.jobWizard.chosen}</h3>
        <span className={css.mute}>{t.jobs.vms(members.length)}</span>
        {some ? <span className={css.end}><TextAction onPress={() => onChange({ ...noChoice })} testId="source-clear">{t.jobWizard.clear}</TextAction></span> : null}
      </header>
      <ul className={css.list} tabIndex={members.length > 0 ? 0 : undefined} aria-label={t.jobWizard.chosen}>
        {members.length + gone.length + rules.length === 0 ? <li><EmptyState icon={null} title={t.jobWizard.nothingChosen} text={t.jobWizard.nothingChosenText} /></li> : null}
        {gone.map((name) => (
          <li key={name} className={css.member}>
            <div className={css.memberLine}><span className={css.name}>{name}</span><Chip glyph="warned">{t.jobWizard.lostChip}</Chip>
              <Out label={t.jobWizard.takeOut(name)} onPress={() => onChange({ ...choice, sources: choice.sources.filter(({ pick }) => pick.by === "all" || pick.by === "rule" || pick.name !== name) })} /></div>
          </li>
        ))}
        {rules.map(({ source, place }) => line("sources", source, place))}
        {members.map((member) => (
          <Line key={`${member.server}/${member.vm.reference}`} member={member} choice={choice} onChange={onChange} onOut={() => {
            const inventory = inventories.find((one) => one.server_id === member.server);
            if (inventory) onChange(setVms(choice, inventory, [member.vm], false));
          }} />
        ))}
        {choice.without.map((source, place) => line("without", source, place))}
        {choice.leave_out.map((name) => (
          <li key={name} className={css.member} data-testid="source-left-out" data-name={name}>
            <div className={css.memberLine}><span className={css.mute}>{t.jobWizard.foreverOut(name)}</span><span className={css.size} /><Out label={t.jobWizard.takeBack(name)} onPress={() => onChange({ ...choice, leave_out: choice.leave_out.filter((one) => one !== name) })} /></div>
          </li>
        ))}
      </ul>
      {members.length > 0 ? <footer className={css.chosenFoot}>{t.jobWizard.sumDisks(saved, all)}</footer> : null}
    </section>
  );
}

function Out({ label, onPress }: { label: string; onPress: () => void }) {
  return <button type="button" className={css.takeOut} aria-label={label} title={label} onClick={onPress}><X size={14} strokeWidth={1.8} aria-hidden /></button>;
}

interface RuleLineProps {
  source: SourceView;
  place: number;
  /** Its server's name, where there are several. */
  server: string | null;
  leavesOut: boolean;
  repository: string;
  jobs: readonly JobView[];
  onEdit: (() => void) | null;
  onOut: () => void;
}

/** A rule in words, with how many VMs fit it now. */
function RuleLine({ source, place, server, leavesOut, repository, jobs, onEdit, onOut }: RuleLineProps) {
  const t = useText();
  const { plan, error } = usePlan(null, askedOf(source, repository, jobs));
  const words = `${server === null ? "" : `${server}: `}${pickWords(source.pick, t)}`;
  const count = plan?.vms.filter((vm) => vm.error === null).length;
  return (
    <li className={css.member} data-testid={leavesOut ? "source-rule-out" : "source-rule"} data-rule={words}>
      <div className={css.memberLine}>
        {leavesOut ? <span className={css.ruleMark}><Chip glyph="off">{t.jobWizard.ruleOutMark}</Chip></span> : <span className={css.ruleMark} title={t.jobWizard.ruleMark}><ListFilter size={14} strokeWidth={1.8} role="img" aria-label={t.jobWizard.ruleMark} /></span>}
        <span className={css.name} title={words}>{onEdit ? <TextAction onPress={onEdit} label={t.jobWizard.ruleEdit(words)} testId={`rule-edit-${leavesOut ? "out-" : ""}${place}`}>{words}</TextAction> : words}</span>
        <span className={css.size} title={error?.title}><span className={css.mute} data-testid="rule-count">{error ? t.jobWizard.ruleNotTold : count === undefined ? "…" : t.jobWizard.ruleNow(count)}</span></span>
        <Out label={leavesOut ? t.jobWizard.takeBack(words) : t.jobWizard.takeOut(words)} onPress={onOut} />
      </div>
    </li>
  );
}

function Line({ member, choice, onChange, onOut }: { member: Member; choice: Choice; onChange: (choice: Choice) => void; onOut: () => void }) {
  const t = useText();
  const { vm, through, server } = member;
  const [open, setOpen] = useState(false);
  const left = vm.disks.filter((disk) => disk.left_out !== null);
  const { saved, all } = disksOf([member], choice);
  const on = vm.power === "on";
  return (
    <li className={css.member} data-testid="source-member" data-name={vm.name}>
      <div className={css.memberLine}>
        <button type="button" className={css.expand} aria-expanded={open} aria-label={t.jobWizard.showDisks(vm.name)} onClick={() => setOpen(!open)} data-testid="source-disks"><ChevronRight size={14} strokeWidth={1.8} aria-hidden /></button>
        <span className={css.name} title={vm.name}>{vm.name}</span>
        <span className={css.mute} title={through === null ? undefined : t.jobWizard.through(pickWords(through, t))}>{t.jobWizard.disksOf(saved, all)}{through === null ? "" : ` · ${t.jobWizard.through(through.by === "all" ? member.serverName : through.by === "group" ? through.name : pickWords(through, t))}`}</span>
        <span className={css.size}><Bytes count={savedSize([member], choice)} /></span>
        <Out label={t.jobWizard.takeOut(vm.name)} onPress={onOut} />
      </div>
      {(on && !vm.tools_running) || vm.snapshots > 0 || !on || left.length > 0 ? (
        <div className={css.chips}>
          {on && !vm.tools_running ? <Chip glyph="warned">{t.jobWizard.toolsOff}</Chip> : null}
          {on ? null : <Chip glyph="off">{t.jobWizard.isOff}</Chip>}
          {vm.snapshots > 0 ? <Chip glyph="warned">{t.jobWizard.snapshots(vm.snapshots)}</Chip> : null}
          {left.length > 0 ? <span title={left.map((disk) => `${disk.label}: ${disk.left_out ?? ""}`).join("\n")}><Chip glyph="off">{t.jobWizard.diskLeftOut(left.length)}</Chip></span> : null}
        </div>
      ) : null}
      {open ? (
        <ul className={css.disks} aria-label={t.jobWizard.showDisks(vm.name)}>
          {vm.disks.map((disk) => (
            <li key={disk.key} className={css.disk} title={disk.left_out ?? undefined}>
              <Checkbox isSelected={disk.left_out === null && !isDiskOut(choice, server, vm, disk)} isDisabled={disk.left_out !== null} onChange={(wanted) => onChange(setDisk(choice, server, vm, disk, wanted))} testId={`source-disk-${disk.key}`}>{disk.label}</Checkbox>
              {disk.left_out === null ? null : <span className={css.mute}>{disk.left_out}</span>}
              <span className={css.size}><Bytes count={disk.capacity} /></span>
            </li>
          ))}
        </ul>
      ) : null}
    </li>
  );
}
