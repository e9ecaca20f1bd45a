import { SquareTerminal } from "lucide-react";
import type { JobDraft } from "@/api/generated/JobDraft";
import { TextAction } from "@/components/Button";
import { Glyph } from "@/components/Glyph";
import { useText } from "@/i18n/context";
import type { Issue } from "./checks";
import type { StepKey } from "./draft";
import { Rich } from "./Rich";
import css from "./Plan.module.css";

interface PlanPanelProps {
  sentence: string;
  facts: readonly { name: string; value: string }[];
  /** What stands in the way; shown once somebody has been at the step it is in. */
  faults: readonly Issue[];
  notes: readonly Issue[];
  /** Where one is: what is said about it needs no way there. */
  step: StepKey;
  onFix: (apply: (draft: JobDraft) => JobDraft) => void;
  onStep: (step: StepKey) => void;
  onCommand: () => void;
}

/** What the job will do, in a sentence that changes as one goes, and what is worth knowing about it. */
export function PlanPanel({ sentence, facts, faults, notes, step, onFix, onStep, onCommand }: PlanPanelProps) {
  const t = useText();
  const card = (issue: Issue, tone: "bad" | "warn") => (
    <li key={issue.key} className={css.issue} data-tone={tone} data-testid="job-issue" data-issue={issue.key}>
      <Glyph name="warned" tone={tone} />
      <div className={css.issueText}>
        <h3 className={css.issueTitle}>{issue.title}</h3>
        <p>{issue.text}</p>
        {issue.fix || issue.step !== step ? <span className={css.issueLinks}>
          {issue.fix ? <TextAction onPress={() => (issue.fix ? onFix(issue.fix.apply) : undefined)} testId={`job-fix-${issue.key}`}>{issue.fix.name}</TextAction> : <TextAction onPress={() => onStep(issue.step)}>{t.jobWizard.wGo(t.jobWizard.steps[issue.step])}</TextAction>}
        </span> : null}
      </div>
    </li>
  );
  return (
    <div className={css.planBody}>
      <h2 className={css.planLabel}>{t.jobWizard.plan}</h2>
      <p className={css.sentence} aria-live="polite" data-testid="job-sentence"><Rich text={sentence} /></p>
      <dl className={css.facts}>
        {facts.map((fact) => <div key={fact.name}><dt>{fact.name}</dt><dd>{fact.value}</dd></div>)}
      </dl>
      {faults.length + notes.length > 0 ? <ul className={css.issues}>{faults.map((issue) => card(issue, "bad"))}{notes.map((issue) => card(issue, "warn"))}</ul> : null}
      <span className={css.planFoot}><TextAction onPress={onCommand} testId="job-command"><span className={css.commandAction}><SquareTerminal size={14} strokeWidth={1.8} aria-hidden />{t.jobWizard.copyCommand}</span></TextAction></span>
    </div>
  );
}
