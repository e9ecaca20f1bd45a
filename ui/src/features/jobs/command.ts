import type { JobDraft } from "@/api/generated/JobDraft";
import type { JobView } from "@/api/generated/JobView";
import type { KeepForView } from "@/api/generated/KeepForView";
import type { MonthDayView } from "@/api/generated/MonthDayView";
import type { ScopeView } from "@/api/generated/ScopeView";
import type { WhenView } from "@/api/generated/WhenView";
import { clockOf, recommended } from "./draft";

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const nth = ["first", "second", "third", "fourth"];

/** A word of a command line, in quotes where a shell would take it apart. */
export function word(text: string): string {
  return /^[\w.:/@+,-]+$/.test(text) ? text : `"${text.replace(/([\\"$`])/g, "\\$1")}"`;
}

function monthDay(on: MonthDayView): string {
  switch (on.day) {
    case "date": return String(on.date);
    case "last": return "last";
    case "last-working-day": return "last-working-day";
    case "nth": return `${nth[on.nth - 1] ?? "first"}-${days[on.weekday] ?? "mon"}`;
    case "last-of": return `last-${days[on.weekday] ?? "mon"}`;
  }
}

function whenText(when: WhenView, jobs: readonly JobView[]): string {
  switch (when.by) {
    case "week": {
      const sorted = [...when.days].sort((a, b) => a - b);
      const name = sorted.length === 7 ? "daily" : sorted.join() === "0,1,2,3,4" ? "working-days" : sorted.map((day) => days[day]).join(",");
      return `${name} ${clockOf(when.at)}`;
    }
    case "month": return `monthly ${monthDay(when.on)} ${clockOf(when.at)}`;
    case "year": return `yearly ${when.month} ${monthDay(when.on)} ${clockOf(when.at)}`;
    case "interval": return when.minutes % 60 === 0 ? `every ${when.minutes / 60}h` : `every ${when.minutes}min`;
    case "after": return `${when.only_success ? "after-success" : "after"} ${jobs.find((job) => job.id === when.job_id)?.draft.name ?? when.job_id}`;
  }
}

function keepText(keep: KeepForView | null): string {
  return keep === null ? "" : keep.unit === "forever" ? " keep forever" : ` keep ${keep.count}${keep.unit.charAt(0)}`;
}

/** What the command line cannot say of a draft. */
export type Unsaid = "hours" | "from" | "retry" | "catchUp" | "rpo";

export interface Command {
  line: string;
  unsaid: Unsaid[];
}

interface Known {
  jobs: readonly JobView[];
  server: (id: string) => string;
  repository: string;
}

/** The line for the command line that makes the same job. */
export function createCommand(draft: JobDraft, known: Known): Command {
  const parts = ["kuramori job create", word(draft.name || "NAME")];
  const add = (option: string, value: string) => parts.push(`--${option} ${word(value)}`);
  for (const { server_id, pick } of draft.sources) {
    const server = known.server(server_id);
    if (pick.by === "all") add("all", server);
    else add(pick.by === "vm" ? "vm" : "in", `${server}:${pick.name}`);
  }
  for (const name of draft.leave_out) add("leave-out", name);
  add("repo", known.repository);
  for (const one of draft.schedules) add("at", `${whenText(one.when, known.jobs)}${keepText(one.keep)}`);
  for (const [key, count] of Object.entries(draft.spans)) if (count > 0) parts.push(`--keep-${key} ${count}`);
  if (draft.zone !== null) add("zone", draft.zone);
  if (draft.limit !== null) parts.push(`--limit ${draft.limit}`);
  const rpo = draft.rpo_minutes;
  if (rpo !== null && rpo % 60 === 0) parts.push(`--rpo ${rpo / 60}`);
  const unsaid: Unsaid[] = [];
  if (draft.schedules.some((one) => one.allowed !== null)) unsaid.push("hours");
  if (draft.schedules.some((one) => one.effective_from !== null)) unsaid.push("from");
  if (draft.retry_minutes.join() !== recommended.retry_minutes.join()) unsaid.push("retry");
  if (draft.catch_up_hours !== recommended.catch_up_hours) unsaid.push("catchUp");
  if (rpo !== null && rpo % 60 !== 0) unsaid.push("rpo");
  return { line: parts.join(" "), unsaid };
}

/** The line that runs a job. */
export function runCommand(name: string, scope: ScopeView): string {
  const some = scope.vms === "failed" ? " --failed" : scope.vms === "chosen" ? scope.names.map((vm) => ` --vm ${word(vm)}`).join("") : "";
  return `kuramori job run ${word(name)}${some}`;
}
