import { useMemo, useState } from "react";
import { ToggleButton } from "react-aria-components";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { JobView } from "@/api/generated/JobView";
import type { ServerInventory } from "@/api/inventories";
import { treeKeys, type TreeKey } from "@/api/tree-nodes";
import { Button } from "@/components/Button";
import { Segmented } from "@/components/Choice";
import { SearchField } from "@/components/SearchField";
import { Loading } from "@/components/States";
import { useText } from "@/i18n/context";
import { membersOf, type Choice } from "@/api/members";
import { ChosenList } from "./ChosenList";
import { RuleDialog } from "./RuleDialog";
import { SourceTree } from "./SourceTree";
import { StepHead } from "./WizardFrame";
import css from "./SourceStep.module.css";

interface SourceStepProps {
  inventories: readonly ServerInventory[];
  choice: Choice;
  onChange: (choice: Choice) => void;
  id: string | null;
  jobs: readonly JobView[];
  /** Where to: the back end is asked about rules with it. */
  repository: string;
}

/** A rule that is written: among which it goes, and in whose place. */
interface Written {
  list: "sources" | "without";
  place: number | null;
}

/** Which VMs: the tree left, what is chosen right. */
export function SourceStep({ inventories, choice, onChange, id, jobs, repository }: SourceStepProps) {
  const t = useText();
  const [order, setOrder] = useState<TreeKey>("hosts");
  const [search, setSearch] = useState("");
  const [onlyOn, setOnlyOn] = useState(false);
  const [onlyBare, setOnlyBare] = useState(false);
  const [rule, setRule] = useState<Written | null>(null);
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
          <div className={css.rules}>
            <Button size="small" isDisabled={read.length === 0} onPress={() => setRule({ list: "sources", place: null })} testId="rule-add">{t.jobWizard.ruleBegin}</Button>
            <Button size="small" isDisabled={read.length === 0} onPress={() => setRule({ list: "without", place: null })} testId="rule-add-out">{t.jobWizard.ruleOutBegin}</Button>
          </div>
        </div>
        <ChosenList members={members} inventories={read} choice={choice} repository={repository} jobs={jobs} onChange={onChange} onRule={(list, place) => setRule({ list, place })} />
      </div>
      {rule ? (
        <RuleDialog leavesOut={rule.list === "without"} source={rule.place === null ? null : (choice[rule.list][rule.place] ?? null)} inventories={read} repository={repository} jobs={jobs} onClose={() => setRule(null)}
          onDone={(source) => {
            const before = choice[rule.list];
            onChange({ ...choice, [rule.list]: rule.place === null ? [...before, source] : before.map((one, place) => (place === rule.place ? source : one)) });
            setRule(null);
          }} />
      ) : null}
    </div>
  );
}
