import type { ErrorView } from "@/api/errors";
import type { JobPlanAbout } from "@/api/generated/JobPlanAbout";
import type { JobPlanView } from "@/api/generated/JobPlanView";
import type { Messages } from "@/i18n/messages";
import type { Issue } from "./checks";

const abouts: readonly JobPlanAbout[] = ["destination", "schedule", "retention", "source"];

/** What is found here as well as by the back end: its words are taken, with the press that sets it right. */
const replaced: Record<JobPlanAbout, readonly string[]> = { source: ["twice"], destination: ["away", "room"], schedule: ["rpo"], retention: [] };

/** How many sentences about one thing are said. */
const said = 3;

/** The notes with what the back end found, one card for each thing it is about. `known` are names that are told as not found already. */
export function withPlan(notes: readonly Issue[], plan: JobPlanView | null, error: ErrorView | null, known: readonly string[], t: Messages): Issue[] {
  if (error) return [{ key: "plan-failed", step: "source", title: t.jobWizard.planFailed, text: error.title }, ...notes];
  if (!plan) return [...notes];
  const told = new Map(abouts.map((about) => [about, plan.warnings.filter((one) => one.about === about).map((one) => one.text)]));
  const failing = plan.vms.flatMap((vm) => (vm.error === null || known.includes(vm.name) ? [] : [`${vm.name}: ${vm.error.title}`]));
  told.get("source")?.unshift(...failing);
  const cards = abouts.flatMap((about): Issue[] => {
    const texts = told.get(about) ?? [];
    if (texts.length === 0) return [];
    const fix = notes.find((note) => replaced[about].includes(note.key))?.fix;
    const more = texts.length > said ? [t.jobWizard.planMore(texts.length - said)] : [];
    return [{ key: `plan-${about}`, step: about, title: t.jobWizard.planAbout[about], text: [...texts.slice(0, said), ...more].join(" "), ...(fix ? { fix } : {}) }];
  });
  const gone = new Set(cards.flatMap((card) => abouts.filter((about) => card.key === `plan-${about}`).flatMap((about) => replaced[about])));
  return [...cards, ...notes.filter((note) => !gone.has(note.key))];
}
