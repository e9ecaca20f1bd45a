import { Plus, X } from "lucide-react";
import { useState } from "react";
import type { ConditionView } from "@/api/generated/ConditionView";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { JobView } from "@/api/generated/JobView";
import type { PowerView } from "@/api/generated/PowerView";
import type { SourceView } from "@/api/generated/SourceView";
import { Button, IconButton, TextAction } from "@/components/Button";
import { FormDialog } from "@/components/Dialog";
import { Field } from "@/components/Field";
import { Select } from "@/components/Select";
import { useText } from "@/i18n/context";
import { askedOf, conditionKinds, emptyCondition, isComplete, placesOf, tagsOf, type ConditionKind } from "./rule";
import { usePlan } from "./usePlan";
import css from "./Rule.module.css";

interface RuleDialogProps {
  /** Leaves out what fits, rather than choosing it. */
  leavesOut: boolean;
  /** The rule to change; `null` for a new one. */
  source: SourceView | null;
  inventories: readonly InventoryView[];
  repository: string;
  jobs: readonly JobView[];
  onDone: (source: SourceView) => void;
  onClose: () => void;
}

/** A rule: conditions that must all hold. Which VMs fit now is asked while it is written. */
export function RuleDialog({ leavesOut, source, inventories, repository, jobs, onDone, onClose }: RuleDialogProps) {
  const t = useText();
  const [server, setServer] = useState(source?.server_id ?? inventories[0]?.server_id ?? "");
  const [conditions, setConditions] = useState<readonly ConditionView[]>(source?.pick.by === "rule" ? source.pick.conditions : [emptyCondition("name")]);
  const inventory = inventories.find((one) => one.server_id === server);
  const written: SourceView = { server_id: server, pick: { by: "rule", conditions: conditions.map(trimmed) } };
  const complete = inventory !== undefined && conditions.length > 0 && conditions.every(isComplete);
  const put = (place: number, one: ConditionView) => setConditions(conditions.map((before, index) => (index === place ? one : before)));
  return (
    <FormDialog title={leavesOut ? t.jobWizard.ruleOutTitle : t.jobWizard.ruleTitle} onClose={onClose} testId="rule"
      buttons={<><Button size="large" onPress={onClose}>{t.common.cancel}</Button><Button kind="primary" size="large" isDisabled={!complete} onPress={() => onDone(written)} testId="rule-done">{source ? t.jobWizard.ruleChange : leavesOut ? t.jobWizard.ruleOutAdd : t.jobWizard.ruleAdd}</Button></>}>
      <p className={css.text}>{leavesOut ? t.jobWizard.ruleOutText : t.jobWizard.ruleText}</p>
      {inventories.length > 1 ? <div className={css.server}><Select label={t.jobWizard.ruleServer} value={server} onChange={setServer} options={inventories.map((one) => ({ key: one.server_id, name: one.server_name }))} testId="rule-server" /></div> : null}
      <ul className={css.conditions} aria-label={t.jobWizard.ruleConditions}>
        {conditions.map((one, place) => (
          <li key={place} className={css.condition}>
            <Select bare label={t.jobWizard.ruleWhat(place + 1)} value={one.on} onChange={(key) => put(place, emptyCondition(key as ConditionKind))} options={conditionKinds.map((key) => ({ key, name: t.jobWizard.conditionKinds[key] }))} testId={`rule-what-${place}`} />
            <div className={css.value}>{inventory ? <Value one={one} place={place} inventory={inventory} onChange={(next) => put(place, next)} /> : null}</div>
            {conditions.length > 1 ? <IconButton label={t.jobWizard.ruleRemove(place + 1)} onPress={() => setConditions(conditions.filter((_, index) => index !== place))} testId={`rule-remove-${place}`}><X size={14} strokeWidth={1.8} aria-hidden /></IconButton> : null}
          </li>
        ))}
      </ul>
      <TextAction onPress={() => setConditions([...conditions, emptyCondition(conditionKinds.find((key) => !conditions.some((one) => one.on === key)) ?? "name")])} testId="rule-more"><span className={css.more}><Plus size={14} strokeWidth={1.8} aria-hidden />{t.jobWizard.ruleMore}</span></TextAction>
      <Fitting asked={complete ? written : null} repository={repository} jobs={jobs} />
    </FormDialog>
  );
}

function trimmed(one: ConditionView): ConditionView {
  return "pattern" in one ? { ...one, pattern: one.pattern.trim() } : one;
}

function Value({ one, place, inventory, onChange }: { one: ConditionView; place: number; inventory: InventoryView; onChange: (one: ConditionView) => void }) {
  const t = useText();
  const label = t.jobWizard.ruleValue(place + 1);
  const testId = `rule-value-${place}`;
  if (one.on === "power") return <Select bare label={label} value={one.is} onChange={(key) => onChange({ on: "power", is: key as PowerView })} options={(["on", "off", "suspended"] as const).map((key) => ({ key, name: t.jobWizard.powers[key] }))} testId={testId} />;
  if (one.on === "tag" || one.on === "place") {
    const known = one.on === "tag" ? tagsOf(inventory) : placesOf(inventory);
    const same = (condition: ConditionView) => JSON.stringify(condition) === JSON.stringify(one);
    // One that is no longer there stays as it was until somebody chooses another.
    const chosen = known.find(({ condition }) => (one.on === "place" ? condition.on === "place" && condition.id === one.id : same(condition)));
    const gone = chosen || !isComplete(one) ? [] : [{ key: "gone", name: one.on === "tag" ? one.tag : one.name, condition: one }];
    const options = [...gone, ...known];
    if (options.length === 0) return <span className={css.none}>{one.on === "tag" ? (inventory.trees.tags.note ?? t.jobWizard.noTags) : t.jobWizard.noPlacesThere}</span>;
    return <Select bare label={label} value={chosen?.key ?? gone[0]?.key ?? null} onChange={(key) => { const found = options.find((option) => option.key === key); if (found) onChange(found.condition); }} options={options} testId={testId} />;
  }
  return <Field bare label={label} value={one.pattern} onChange={(pattern) => onChange({ on: one.on, pattern })} placeholder={t.jobWizard.patternOf[one.on]} testId={testId} />;
}

/** How many names are said. */
const said = 6;

function Fitting({ asked, repository, jobs }: { asked: SourceView | null; repository: string; jobs: readonly JobView[] }) {
  const t = useText();
  const { plan, error, current } = usePlan(null, asked === null ? null : askedOf(asked, repository, jobs));
  const names = plan?.vms.filter((vm) => vm.error === null).map((vm) => vm.name) ?? [];
  return (
    <p className={css.well} role="status" data-testid="rule-fits" data-current={current || undefined}>
      {asked === null ? t.jobWizard.ruleOpen : error ? `${t.jobWizard.ruleUnknown} ${error.title}` : plan === null || !current ? t.jobWizard.ruleAsking : <><strong>{t.jobWizard.ruleFits(names.length)}</strong> {names.length > said ? t.jobWizard.ruleMoreNames(names.slice(0, said).join(", "), names.length - said) : names.join(", ")}</>}
    </p>
  );
}
