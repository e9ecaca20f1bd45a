import { Check, ChevronLeft, ChevronRight, PanelRight, Play, X } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Button, IconButton, TextAction } from "@/components/Button";
import { Sign } from "@/components/Glyph";
import { useText } from "@/i18n/context";
import { steps, type StepKey } from "./draft";
import css from "./Wizard.module.css";

export interface StepLine {
  key: StepKey;
  summary: string;
  /** Looked at, and nothing is open in it. */
  done: boolean;
  fault: boolean;
}

interface WizardFrameProps {
  title: string;
  touched: boolean;
  found: boolean;
  onStartOver: () => void;
  onClose: () => void;
  lines: readonly StepLine[];
  step: StepKey;
  onStep: (step: StepKey) => void;
  plan: ReactNode;
  notes: number;
  foot: string;
  valid: boolean;
  isPending: boolean;
  onFinish: (run: boolean) => void;
  children: ReactNode;
}

/** Steps left, the step in the middle, the plan right, and the way on below. */
export function WizardFrame(props: WizardFrameProps) {
  const t = useText();
  const [planOpen, setPlanOpen] = useState(false);
  const content = useRef<HTMLElement>(null);
  const at = steps.indexOf(props.step);
  const [before, after] = [steps[at - 1], steps[at + 1]];
  useEffect(() => {
    // Newer web views answer with a promise, which an effect must not give back.
    void content.current?.scrollTo({ top: 0 });
  }, [props.step]);
  return (
    <div className={css.wizard} data-testid="job-wizard" data-step={props.step}>
      <header className={css.bar}>
        <TextAction onPress={props.onClose}>{t.jobWizard.trail}</TextAction>
        <span className={css.slash} aria-hidden>/</span>
        <h1 className={css.title}>{props.title}</h1>
        <span className={css.barEnd}>
          {props.found ? <span className={css.found} role="status">{t.jobWizard.found} <TextAction onPress={props.onStartOver} testId="job-start-over">{t.jobWizard.startOver}</TextAction></span> : props.touched ? <span className={css.kept}><Check size={13} strokeWidth={2} aria-hidden />{t.jobWizard.kept}</span> : null}
          <span className={css.planButton}><Button icon={<PanelRight size={15} strokeWidth={1.8} aria-hidden />} aria-expanded={planOpen} onPress={() => setPlanOpen(!planOpen)} testId="job-plan-open">{t.jobWizard.planOpen(props.notes)}</Button></span>
          <IconButton label={t.jobWizard.close} onPress={props.onClose} testId="job-close"><X size={16} strokeWidth={2} aria-hidden /></IconButton>
        </span>
      </header>
      <div className={css.body} onKeyDown={(event) => { if (event.key === "Escape" && planOpen) setPlanOpen(false); }}>
        <nav className={css.steps} aria-label={t.jobWizard.stepsLabel}>
          <ol>
            {props.lines.map((line, index) => (
              <li key={line.key}>
                <button type="button" className={css.step} aria-current={line.key === props.step ? "step" : undefined} data-state={line.key === props.step ? "now" : line.fault ? "fault" : line.done ? "done" : "later"} data-testid={`job-step-${line.key}`} onClick={() => props.onStep(line.key)}>
                  <span className={css.tile}><span className={css.face} /><span className={css.number}>{line.key !== props.step && line.done && !line.fault ? <Sign name="ok" size={11} /> : line.key !== props.step && line.fault && line.done ? <Sign name="warned" size={11} /> : index + 1}</span></span>
                  <span className={css.stepText}><span className={css.stepName}>{t.jobWizard.steps[line.key]}</span><span className={css.summary}>{line.summary}</span></span>
                </button>
              </li>
            ))}
          </ol>
        </nav>
        <main id="content" tabIndex={-1} ref={content} className={css.content}>{props.children}</main>
        <aside className={css.plan} data-open={planOpen || undefined} aria-label={t.jobWizard.plan}>{props.plan}</aside>
      </div>
      <footer className={css.foot}>
        <span className={css.footText} role="status">{props.foot}</span>
        <Button size="large" icon={<ChevronLeft size={15} strokeWidth={2} aria-hidden />} isDisabled={before === undefined} onPress={() => (before ? props.onStep(before) : undefined)} testId="job-back">{t.jobWizard.back}</Button>
        {after ? <Button size="large" after={<ChevronRight size={15} strokeWidth={2} aria-hidden />} onPress={() => props.onStep(after)} testId="job-next">{t.jobWizard.next(t.jobWizard.steps[after])}</Button> : null}
        <span className={css.line} />
        <span className={css.finish}><Button size="large" isDisabled={!props.valid} isPending={props.isPending} onPress={() => props.onFinish(false)} testId="job-finish">{t.jobWizard.finish}</Button></span>
        <Button kind="primary" size="large" icon={<Play size={13} strokeWidth={2} fill="currentColor" aria-hidden />} isDisabled={!props.valid} isPending={props.isPending} onPress={() => props.onFinish(true)} testId="job-finish-run">{props.isPending ? t.jobWizard.finishing : t.jobWizard.finishRun}</Button>
      </footer>
    </div>
  );
}

/** The question of a step, and what stands beside it. */
export function StepHead({ title, text, end }: { title: string; text: string; end?: ReactNode }) {
  return (
    <div className={css.stepHead}>
      <div className={css.stepHeadText}>
        <h2 className={css.question}>{title}</h2>
        <p className={css.under}>{text}</p>
      </div>
      {end}
    </div>
  );
}
