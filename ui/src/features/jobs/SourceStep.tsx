import { X } from "lucide-react";
import { useMemo, useState } from "react";
import { ToggleButton } from "react-aria-components";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { JobView } from "@/api/generated/JobView";
import type { ServerInventory } from "@/api/inventories";
import { treeKeys, type TreeKey } from "@/api/tree-nodes";
import { TextAction } from "@/components/Button";
import { Segmented } from "@/components/Choice";
import { Chip } from "@/components/Glyph";
import { SearchField } from "@/components/SearchField";
import { EmptyState, Loading } from "@/components/States";
import { Bytes } from "@/components/Words";
import { useText } from "@/i18n/context";
import { lost, membersOf, setVms, sizeOf, type Choice, type Member } from "@/api/members";
import { SourceTree } from "./SourceTree";
import { StepHead } from "./WizardFrame";
import css from "./SourceStep.module.css";

interface SourceStepProps {
  inventories: readonly ServerInventory[];
  choice: Choice;
  onChange: (choice: Choice) => void;
  id: string | null;
  jobs: readonly JobView[];
}

/** Which VMs: the tree left, what is chosen right. */
export function SourceStep({ inventories, choice, onChange, id, jobs }: SourceStepProps) {
  const t = useText();
  const [order, setOrder] = useState<TreeKey>("hosts");
  const [search, setSearch] = useState("");
  const [onlyOn, setOnlyOn] = useState(false);
  const [onlyBare, setOnlyBare] = useState(false);
  const read = inventories.flatMap((one) => (one.inventory.data ? [one.inventory.data] : []));
  const members = membersOf(read, choice);
  const keys = new Set(members.map((member) => `${member.server}/${member.vm.reference}`));
  const others = new Map<string, string>();
  for (const job of jobs) {
    if (job.id === id) continue;
    for (const member of membersOf(read, job.draft)) {
      const key = `${member.server}/${member.vm.reference}`;
      others.set(key, others.has(key) ? `${others.get(key) ?? ""}, ${job.draft.name}` : job.draft.name);
    }
  }
  const shown = onlyOn || onlyBare ? (inventory: InventoryView, reference: string) => {
    const vm = inventory.vms.find((one) => one.reference === reference);
    return vm !== undefined && (!onlyOn || vm.power === "on") && (!onlyBare || vm.last_point === null);
  } : null;
  const reading = inventories.find((one) => one.inventory.isPending);
  const count = useMemo(() => read.reduce((sum, one) => sum + one.vms.length, 0), [read]);
  return (
    <div className={css.step}>
      <StepHead title={t.jobWizard.source} text={t.jobWizard.sourceText} />
      <div className={css.columns}>
        <div className={css.left}>
          <div className={css.order}><Segmented label={t.inventory.order} options={treeKeys.map((key) => ({ key, label: t.inventory.orders[key] }))} value={order} onChange={setOrder} testId="source-order" /></div>
          <div className={css.filters}>
            <div className={css.search}><SearchField label={t.jobWizard.filterVms(count)} value={search} onChange={setSearch} testId="source-search" /></div>
            <span role="group" aria-label={t.jobWizard.filterLabel} className={css.toggles}>
              <ToggleButton isSelected={onlyOn} onChange={setOnlyOn} className={css.toggle ?? ""} data-testid="source-only-on">{t.jobWizard.filterOn}</ToggleButton>
              <ToggleButton isSelected={onlyBare} onChange={setOnlyBare} className={css.toggle ?? ""} data-testid="source-only-bare">{t.jobWizard.filterUnprotected}</ToggleButton>
            </span>
          </div>
          <div className={css.treeBox}>
            {read.length === 0 && reading ? <Loading what={t.inventory.readingServer(reading.server.name)} usual={t.inventory.readingUsual} /> : (
              <SourceTree inventories={inventories} order={order} wanted={search.trim().toLowerCase()} shown={shown} choice={choice} members={keys} otherJobs={others} onChange={onChange} />
            )}
          </div>
        </div>
        <Chosen members={members} inventories={read} choice={choice} onChange={onChange} />
      </div>
    </div>
  );
}

function Chosen({ members, inventories, choice, onChange }: { members: readonly Member[]; inventories: readonly InventoryView[]; choice: Choice; onChange: (choice: Choice) => void }) {
  const t = useText();
  const disks = members.flatMap((member) => member.vm.disks);
  const saved = disks.filter((disk) => disk.left_out === null).length;
  const gone = lost(inventories, choice);
  return (
    <section className={css.chosen} aria-label={t.jobWizard.chosen} data-testid="source-chosen">
      <header className={css.chosenHead}>
        <h3 className={css.chosenTitle}>{t.jobWizard.chosen}</h3>
        <span className={css.mute}>{t.jobs.vms(members.length)}</span>
        {choice.sources.length > 0 ? <span className={css.end}><TextAction onPress={() => onChange({ sources: [], leave_out: [] })} testId="source-clear">{t.jobWizard.clear}</TextAction></span> : null}
      </header>
      <ul className={css.list} tabIndex={members.length > 0 ? 0 : undefined} aria-label={t.jobWizard.chosen}>
        {members.length + gone.length === 0 ? <li><EmptyState icon={null} title={t.jobWizard.nothingChosen} text={t.jobWizard.nothingChosenText} /></li> : null}
        {gone.map((name) => (
          <li key={name} className={css.member}>
            <div className={css.memberLine}><span className={css.name}>{name}</span><Chip glyph="warned">{t.jobWizard.lostChip}</Chip>
              <Out label={t.jobWizard.takeOut(name)} onPress={() => onChange({ ...choice, sources: choice.sources.filter(({ pick }) => pick.by === "all" || pick.name !== name) })} /></div>
          </li>
        ))}
        {members.map((member) => (
          <Line key={`${member.server}/${member.vm.reference}`} member={member} onOut={() => {
            const inventory = inventories.find((one) => one.server_id === member.server);
            if (inventory) onChange(setVms(choice, inventory, [member.vm], false));
          }} />
        ))}
        {choice.leave_out.length > 0 ? <li className={css.out}>{t.jobWizard.foreverOut(choice.leave_out.join(", "))}</li> : null}
      </ul>
      {members.length > 0 ? <footer className={css.chosenFoot}>{t.jobWizard.sumDisks(saved, disks.length)}</footer> : null}
    </section>
  );
}

function Out({ label, onPress }: { label: string; onPress: () => void }) {
  return <button type="button" className={css.takeOut} aria-label={label} title={label} onClick={onPress}><X size={14} strokeWidth={1.8} aria-hidden /></button>;
}

function Line({ member: { vm, through }, onOut }: { member: Member; onOut: () => void }) {
  const t = useText();
  const left = vm.disks.filter((disk) => disk.left_out !== null);
  const on = vm.power === "on";
  return (
    <li className={css.member} data-testid="source-member" data-name={vm.name}>
      <div className={css.memberLine}>
        <span className={css.name}>{vm.name}</span>
        <span className={css.mute}>{t.jobWizard.disksOf(vm.disks.length - left.length, vm.disks.length)}{through === null ? "" : ` · ${t.jobWizard.through(through)}`}</span>
        <span className={css.size}><Bytes count={sizeOf([vm])} /></span>
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
    </li>
  );
}
