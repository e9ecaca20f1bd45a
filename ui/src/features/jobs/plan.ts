import type { JobDraft } from "@/api/generated/JobDraft";
import type { JobPlanView } from "@/api/generated/JobPlanView";
import type { JobView } from "@/api/generated/JobView";
import type { RunSummary } from "@/api/generated/RunSummary";
import type { Messages } from "@/i18n/messages";
import type { Language } from "@/lib/language";
import { most } from "@/lib/retention";
import { durationText, estimateText, momentInText } from "@/lib/time";
import { bytesText } from "@/lib/units";
import { isEmptySpans, type StepKey } from "./draft";
import { comingOf, horizon, ruleOf } from "./KeepLine";
import { disksOf, savedSize, type Member } from "@/api/members";
import { changedOptions } from "./OptionsStep";
import { pickWords } from "./rule";
import { usualRate } from "@/api/run-stats";
import { sentenceCase, whenText } from "./words";

interface Plan {
  draft: JobDraft;
  members: readonly Member[];
  place: string | null;
  jobs: readonly JobView[];
  t: Messages;
  language: Language;
}

/** A name from what is chosen: a container's, a VM's, or the first VM's and how many more. */
export function nameOf(draft: JobDraft, members: readonly Member[], t: Messages): string {
  const groups = draft.sources.filter(({ pick }) => pick.by !== "vm");
  const [group] = groups;
  if (group && groups.length === draft.sources.length && groups.length === 1) return group.pick.by === "all" ? (members[0]?.serverName ?? "") : group.pick.by === "group" ? group.pick.name : pickWords(group.pick, t);
  const [first] = members;
  return first ? (members.length === 1 ? first.vm.name : t.jobs.uncoveredMore(first.vm.name, members.length - 1)) : "";
}

/** How long things are kept, in words. */
export function keepText(draft: JobDraft, t: Messages): string {
  const parts = isEmptySpans(draft.spans) ? [] : [t.schedules.spans(draft.spans)];
  const keeps = [...new Set(draft.schedules.flatMap((one) => (one.keep === null ? [] : [t.schedules.keep(one.keep)])))];
  return [...parts, ...keeps].join(" · ");
}

/** What the job will do. Important parts stand between double stars. */
export function sentenceOf({ draft, members, place, jobs, t, language }: Plan): string {
  if (members.length === 0 && draft.sources.length === 0) return t.jobWizard.sentenceNothing;
  const size = bytesText(savedSize(members, draft), language);
  const [first, ...more] = draft.schedules.map((one) => whenText(one, jobs, t));
  const to = place ?? t.jobWizard.noPlace;
  const parts = [first === undefined ? t.jobWizard.sentenceByHand(members.length, size, to) : t.jobWizard.sentence(sentenceCase(first), members.length, size, to)];
  if (more.length > 0) parts.push(t.jobWizard.sentenceMore(t.schedules.and(more)));
  const keep = keepText(draft, t);
  if (keep !== "") parts.push(t.jobWizard.sentenceKeep(`**${keep}**`));
  if (draft.limit !== null) parts.push(t.jobWizard.sentenceLimit(draft.limit));
  return parts.join(language === "ja" ? "" : " ");
}

/** One line for each step. */
export function summaryOf(step: StepKey, { draft, members, place, jobs, t, language }: Plan): string {
  switch (step) {
    case "source": return members.length === 0 ? t.jobWizard.sumNone : t.jobWizard.sumVms(members.length, bytesText(savedSize(members, draft), language));
    case "destination": return place ?? t.jobWizard.sumNone;
    case "schedule": return draft.schedules[0] ? (draft.schedules.length === 1 ? sentenceCase(whenText(draft.schedules[0], jobs, t)) : t.jobWizard.sumRules(draft.schedules.length, whenText(draft.schedules[0], jobs, t))) : t.jobWizard.sumByHand;
    case "retention": return sentenceCase([isEmptySpans(draft.spans) ? "" : t.schedules.spansShort(draft.spans), ...new Set(draft.schedules.flatMap((one) => (one.keep === null ? [] : [t.schedules.keep(one.keep)])))].filter(Boolean).join(" · ")) || t.jobWizard.sumNone;
    case "options": return changedOptions(draft) === 0 ? t.jobWizard.sumRecommended : t.jobWizard.sumChanged(changedOptions(draft));
  }
}

/** How many recovery points of a VM there will be at most in the next 18 months; `null` when no rule has times. */
export function mostOf(draft: JobDraft, today: number): number | null {
  const points = comingOf(draft, today);
  return points.length === 0 ? null : most(points, ruleOf(draft), today, horizon);
}

/** The figures under the sentence. */
export function factsOf({ draft, members, runs, highest, plan, now, t, language }: { draft: JobDraft; members: readonly Member[]; runs: readonly RunSummary[]; highest: number | null; plan: JobPlanView | null; now: Date; t: Messages; language: Language }): { name: string; value: string }[] {
  // What the back end counted is the truth; until it answers, what is known of the servers here.
  const planned = plan?.vms.filter((vm) => vm.error === null);
  const { saved, all } = planned ? { saved: planned.flatMap((vm) => vm.disks.filter((disk) => disk.left_out === null)).length, all: planned.flatMap((vm) => vm.disks).length } : disksOf(members, draft);
  const facts = [{ name: t.jobWizard.factVms, value: t.jobs.vms(planned?.length ?? members.length) }];
  if (members.length > 0) {
    facts.push({ name: t.jobWizard.factDisks, value: t.jobWizard.factDisksOf(saved, all) }, { name: t.jobWizard.factSize, value: bytesText(savedSize(members, draft), language) });
    const fresh = savedSize(members.filter(({ vm }) => vm.last_point?.repository_id !== draft.repository_id || vm.tracking !== "on"), draft);
    const rate = draft.limit === null ? usualRate(runs) : Math.min(draft.limit * 1024 ** 2, usualRate(runs) ?? Infinity);
    if (rate !== null && fresh > 0) facts.push({ name: t.jobWizard.factFirst, value: `≈ ${estimateText(fresh / rate, language)}` });
  }
  const next = plan?.runs[0]?.at;
  if (next !== undefined) facts.push({ name: t.jobWizard.factNext, value: momentInText(new Date(next), now, language) });
  if (plan && plan.needs_seconds !== null) facts.push({ name: t.jobWizard.factNeeds, value: `≈ ${estimateText(plan.needs_seconds, language)}` });
  if (highest !== null) facts.push({ name: t.jobWizard.factMost, value: t.jobWizard.factMostOf(highest) });
  if (draft.rpo_minutes !== null) facts.push({ name: t.jobWizard.factRpo, value: durationText(draft.rpo_minutes * 60, language) });
  return facts;
}
