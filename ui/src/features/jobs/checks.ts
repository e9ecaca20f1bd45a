import type { JobDraft } from "@/api/generated/JobDraft";
import type { JobView } from "@/api/generated/JobView";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { RepositoryView } from "@/api/generated/RepositoryView";
import type { ScheduleView } from "@/api/generated/ScheduleView";
import type { Messages } from "@/i18n/messages";
import type { Language } from "@/lib/language";
import { keptUntil } from "@/lib/retention";
import { allows, minutesOf, slotsOf } from "@/lib/rhythm";
import { durationText } from "@/lib/time";
import { bytesText } from "@/lib/units";
import { atOf, clockOf, firstSpans, isEmptySpans, longestGap, schedule, workingDays, type StepKey } from "./draft";
import { lost, membersOf, savedSize, type Member } from "@/api/members";

/** Something about a draft that somebody should know. */
export interface Issue {
  key: string;
  step: StepKey;
  title: string;
  text: string;
  /** What sets it right, by one press. */
  fix?: { name: string; apply: (draft: JobDraft) => JobDraft };
}

export interface Facts {
  draft: JobDraft;
  /** The job that is edited. */
  id: string | null;
  jobs: readonly JobView[];
  inventories: readonly InventoryView[];
  repositories: readonly RepositoryView[];
  t: Messages;
  language: Language;
}

const change = (place: number, part: (one: ScheduleView) => ScheduleView) => (draft: JobDraft): JobDraft => ({ ...draft, schedules: draft.schedules.map((one, index) => (index === place ? part(one) : one)) });

/** What stands in the way of finishing. */
export function faults({ draft, id, jobs, inventories, repositories, t }: Facts): Issue[] {
  const issues: Issue[] = [];
  const unread = draft.sources.some((source) => !inventories.some((one) => one.server_id === source.server_id));
  if (draft.sources.length === 0 || (!unread && !draft.sources.some(({ pick }) => pick.by === "rule") && membersOf(inventories, draft).length === 0)) issues.push({ key: "vms", step: "source", title: t.jobWizard.wNoVms, text: t.jobWizard.wNoVmsText });
  if (!repositories.some((one) => one.id === draft.repository_id)) issues.push({ key: "place", step: "destination", title: t.jobWizard.wNoPlace, text: t.jobWizard.wNoPlaceText });
  draft.schedules.forEach(({ when, allowed }, place) => {
    if (when.by === "week" && when.days.length === 0) issues.push({ key: `days-${place}`, step: "schedule", title: t.jobWizard.wNoDays(place + 1), text: t.jobWizard.wNoDaysText });
    if (when.by === "after" && !jobs.some((job) => job.id === when.job_id)) issues.push({ key: `after-${place}`, step: "schedule", title: t.jobWizard.wNoJob(place + 1), text: t.jobWizard.wNoJobText });
    if (allowed?.every((day) => day === 0)) issues.push({ key: `never-${place}`, step: "schedule", title: t.jobWizard.wNever(place + 1), text: t.jobWizard.wNeverText, fix: { name: t.jobWizard.wNeverFix, apply: change(place, (one) => ({ ...one, allowed: null })) } });
  });
  if (isEmptySpans(draft.spans) && (draft.schedules.length === 0 || draft.schedules.some((one) => one.keep === null))) {
    issues.push({ key: "keep", step: "retention", title: t.jobWizard.wKeepNothing, text: t.jobWizard.wKeepNothingText, fix: { name: t.jobWizard.wKeepNothingFix, apply: (now) => ({ ...now, spans: { ...firstSpans } }) } });
  }
  if (jobs.some((job) => job.id !== id && job.draft.name === draft.name.trim())) issues.push({ key: "name", step: "options", title: t.jobWizard.wNameTaken(draft.name.trim()), text: t.jobWizard.wNameTakenText });
  return issues;
}

function aboutVms({ draft, id, jobs, inventories, t }: Facts, members: readonly Member[]): Issue[] {
  const issues: Issue[] = [];
  const [gone] = lost(inventories, draft);
  if (gone !== undefined) issues.push({ key: "lost", step: "source", title: t.jobWizard.wLost(gone), text: t.jobWizard.wLostText, fix: { name: t.jobWizard.wLostFix, apply: (now) => ({ ...now, sources: now.sources.filter(({ pick }) => pick.by === "all" || pick.by === "rule" || pick.name !== gone) }) } });
  const tools = members.filter(({ vm }) => vm.power === "on" && !vm.tools_running);
  if (tools[0]) issues.push({ key: "tools", step: "source", title: tools.length === 1 ? t.jobWizard.wTools(tools[0].vm.name) : t.jobWizard.wToolsMany(tools.length), text: t.jobWizard.wToolsText });
  const snapshots = members.filter(({ vm }) => vm.snapshots > 0);
  if (snapshots[0]) issues.push({ key: "snapshots", step: "source", title: snapshots.length === 1 ? t.jobWizard.wSnapshot(snapshots[0].vm.name) : t.jobWizard.wSnapshotMany(snapshots.length), text: t.jobWizard.wSnapshotText });
  const own = new Map(members.map((member) => [`${member.server}/${member.vm.reference}`, member.vm.name]));
  const twice = jobs.filter((job) => job.id !== id).flatMap((job) => membersOf(inventories, job.draft).flatMap((member) => (own.has(`${member.server}/${member.vm.reference}`) ? [{ vm: member.vm.name, job: job.draft.name }] : [])));
  const vms = new Set(twice.map((one) => one.vm));
  if (twice[0]) issues.push({ key: "twice", step: "source", title: vms.size === 1 ? t.jobWizard.wTwice(twice[0].vm, twice[0].job) : t.jobWizard.wTwiceMany(vms.size), text: t.jobWizard.wTwiceText });
  return issues;
}

/** Monday 5 January 1970: any whole week shows how schedules of days and intervals meet. */
const aMonday = 4;

/** Another job that begins at the same time of the same day, and a time at which none does, if there is one. */
function overlap(one: ScheduleView, id: string | null, jobs: readonly JobView[]): { job: string; free: string | null } | null {
  if (one.when.by !== "week") return null;
  const { when } = one;
  const taken = new Map<number, string>();
  for (const job of jobs) {
    if (job.id === id || job.paused) continue;
    for (const other of job.draft.schedules) {
      if (other.when.by === "week" || other.when.by === "interval") for (const slot of slotsOf({ ...other, effective_from: null }, aMonday, 7)) taken.set(slot, job.draft.name);
    }
  }
  const met = (at: string) => slotsOf({ ...one, effective_from: null, when: { ...when, at } }, aMonday, 7).flatMap((slot) => taken.get(slot) ?? [])[0];
  const job = met(when.at);
  if (job === undefined) return null;
  const free = Array.from({ length: 6 }, (_, step) => atOf(minutesOf(when.at) + 20 * (step + 1))).find((at) => met(at) === undefined);
  return { job, free: free ?? null };
}

function aboutTime({ draft, id, jobs, t, language }: Facts): Issue[] {
  const issues: Issue[] = [];
  if (draft.schedules.length === 0) issues.push({ key: "by-hand", step: "schedule", title: t.jobWizard.wByHand, text: t.jobWizard.wByHandText, fix: { name: t.jobWizard.wByHandFix, apply: (now) => ({ ...now, schedules: [schedule({ by: "week", days: workingDays, at: atOf(20 * 60) })] }) } });
  draft.schedules.forEach((one, place) => {
    const { when, allowed, keep } = one;
    if (when.by === "week" && when.days.some((day) => !allows(allowed, day, Math.floor(minutesOf(when.at) / 60)))) issues.push({ key: `hours-${place}`, step: "schedule", title: t.jobWizard.wHours(place + 1), text: t.jobWizard.wHoursText(clockOf(when.at)), fix: { name: t.jobWizard.wNeverFix, apply: change(place, (now) => ({ ...now, allowed: null })) } });
    const both = overlap(one, id, jobs);
    const free = both?.free ?? null;
    if (both && "at" in when) issues.push({ key: `overlap-${place}`, step: "schedule", title: t.jobWizard.wOverlap(both.job), text: t.jobWizard.wOverlapText(clockOf(when.at)), ...(free === null ? {} : { fix: { name: t.jobWizard.wOverlapFix(clockOf(free)), apply: change(place, (now) => ("at" in now.when ? { ...now, when: { ...now.when, at: free } } : now)) } }) });
    const gap = longestGap(one);
    if (keep !== null && gap !== null && isEmptySpans(draft.spans) && keptUntil(keep, 0) < 2 * gap) issues.push({ key: `short-${place}`, step: "retention", title: t.jobWizard.wShort(place + 1), text: t.jobWizard.wShortText });
  });
  const gaps = draft.schedules.map(longestGap);
  const gap = gaps.length === 1 ? (gaps[0] ?? null) : null;
  if (draft.rpo_minutes !== null && gap !== null && gap > draft.rpo_minutes) {
    const text = durationText(gap * 60, language);
    issues.push({ key: "rpo", step: "options", title: t.jobWizard.wRpo, text: t.jobWizard.wRpoText(text, durationText(draft.rpo_minutes * 60, language)), fix: { name: t.jobWizard.wRpoFix(text), apply: (now) => ({ ...now, rpo_minutes: gap }) } });
  }
  if (draft.spans.yearly > 0 && draft.spans.monthly === 0) issues.push({ key: "yearly", step: "retention", title: t.jobWizard.wYearly, text: t.jobWizard.wYearlyText, fix: { name: t.jobWizard.wYearlyFix, apply: (now) => ({ ...now, spans: { ...now.spans, monthly: 12 } }) } });
  return issues;
}

/** What works, and is worth knowing. */
export function notes(facts: Facts): Issue[] {
  const { draft, inventories, repositories, t, language } = facts;
  const members = membersOf(inventories, draft);
  const issues: Issue[] = [];
  const place = repositories.find((one) => one.id === draft.repository_id);
  const size = savedSize(members.filter(({ vm }) => vm.last_point?.repository_id !== place?.id), draft);
  if (place?.error) issues.push({ key: "away", step: "destination", title: t.jobWizard.wPlaceAway(place.name), text: t.jobWizard.wPlaceAwayText });
  if (place && place.free !== null && place.free < size * 1.2) issues.push({ key: "room", step: "destination", title: t.jobWizard.wRoom, text: t.jobWizard.wRoomText(bytesText(size, language), bytesText(place.free, language)) });
  return [...issues, ...aboutTime(facts), ...aboutVms(facts, members)];
}
