import type { ConditionView } from "@/api/generated/ConditionView";
import type { JobDraft } from "@/api/generated/JobDraft";
import type { JobView } from "@/api/generated/JobView";
import type { KeepForView } from "@/api/generated/KeepForView";
import type { MonthDayView } from "@/api/generated/MonthDayView";
import type { ScopeView } from "@/api/generated/ScopeView";
import type { SourceView } from "@/api/generated/SourceView";
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
    case "plugged": return `plugged gap ${when.gap_minutes % 60 === 0 ? `${when.gap_minutes / 60}h` : `${when.gap_minutes}min`}`;
    case "after": return `${when.only_success ? "after-success" : "after"} ${jobs.find((job) => job.id === when.job_id)?.draft.name ?? when.job_id}`;
  }
}

function keepText(keep: KeepForView | null): string {
  return keep === null ? "" : keep.unit === "forever" ? " keep forever" : ` keep ${keep.count}${keep.unit.charAt(0)}`;
}

/** A part of a rule; `null` for what the command line would read otherwise. */
function conditionText(one: ConditionView): string | null {
  switch (one.on) {
    case "name":
    case "datastore":
    case "system": return `${one.on}=${one.pattern}`;
    case "place": return `in=${one.name}`;
    case "power": return one.is === "unknown" ? null : `power=${one.is}`;
    case "tag": return one.category === null ? (one.tag.includes("/") ? null : `tag=${one.tag}`) : one.category.includes("/") ? null : `tag=${one.category}/${one.tag}`;
  }
}

/** A rule, or a container as a rule; `null` where it cannot be said. Commas and the colon after the server take the text apart. */
function ruleText({ pick }: SourceView, server: string): string | null {
  const conditions: readonly ConditionView[] = pick.by === "rule" ? pick.conditions : pick.by === "group" ? [{ on: "place", id: pick.id, name: pick.name }] : [];
  const said = conditions.map(conditionText);
  if (said.length === 0 || server === "" || server.includes(":") || said.some((one) => one === null || one.includes(","))) return null;
  return `${server}:${said.join(",")}`;
}

/** Allowed hours such as `mon-fri@8-18`; `null` when there are none. */
function hoursText(allowed: readonly number[]): string | null {
  const spans = days.map((_, day) => {
    const on = (hour: number) => hour >= 0 && hour < 24 && ((allowed[day] ?? 0) >> hour & 1) === 1;
    const hours = Array.from({ length: 25 }, (_hour, hour) => hour);
    const ends = hours.filter((hour) => on(hour - 1) && !on(hour));
    return hours.filter((hour) => on(hour) && !on(hour - 1)).map((from, place) => `${from}-${ends[place] ?? 24}`);
  });
  const parts: string[] = [];
  for (let first = 0, last = 0; first < 7; first = last + 1) {
    for (last = first; last < 6 && spans[last + 1]?.join() === spans[first]?.join();) last += 1;
    const names = first === last ? days[first] : `${days[first]}-${days[last]}`;
    for (const span of spans[first] ?? []) parts.push(first === 0 && last === 6 ? span : `${names}@${span}`);
  }
  return parts.length === 0 ? null : parts.join(",");
}

/** What the line does not say of a draft. */
export type Unsaid = "hours" | "retry" | "catchUp" | "rpo" | "rules";

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
  const unsaid = new Set<Unsaid>();
  const add = (option: string, value: string) => parts.push(`--${option} ${word(value)}`);
  for (const { server_id, pick } of draft.sources) {
    const server = known.server(server_id);
    if (pick.by === "rule") {
      const rule = ruleText({ server_id, pick }, server);
      if (rule === null) unsaid.add("rules");
      else add("rule", rule);
    } else if (pick.by === "all") add("all", server);
    else add(pick.by === "vm" ? "vm" : "in", `${server}:${pick.name}`);
  }
  for (const name of draft.leave_out) add("leave-out", name);
  for (const source of draft.without) {
    const rule = ruleText(source, known.server(source.server_id));
    if (rule === null) unsaid.add("rules");
    else add("leave-out-rule", rule);
  }
  for (const disk of draft.leave_out_disks) add("leave-out-disk", `${known.server(disk.server_id)}:${disk.vm_name}:${disk.label}`);
  add("repo", known.repository);
  for (const one of draft.schedules) {
    const hours = one.allowed === null ? "" : hoursText(one.allowed);
    if (hours === null) unsaid.add("hours");
    add("at", `${whenText(one.when, known.jobs)}${one.until === null ? "" : ` until ${clockOf(one.until)}`}${one.effective_from === null ? "" : ` from ${one.effective_from}`}${hours ? ` during ${hours}` : ""}${keepText(one.keep)}`);
  }
  for (const [key, count] of Object.entries(draft.spans)) if (count > 0) parts.push(`--keep-${key} ${count}`);
  if (draft.zone !== null) add("zone", draft.zone);
  if (draft.limit !== null) parts.push(`--limit ${draft.limit}`);
  const rpo = draft.rpo_minutes;
  if (rpo !== null && rpo % 60 === 0) parts.push(`--rpo ${rpo / 60}`);
  if (draft.retry_minutes.join() !== recommended.retry_minutes.join()) unsaid.add("retry");
  if (draft.catch_up_hours !== recommended.catch_up_hours) unsaid.add("catchUp");
  if (rpo !== null && rpo % 60 !== 0) unsaid.add("rpo");
  return { line: parts.join(" "), unsaid: [...unsaid] };
}

/** The line that runs a job. */
export function runCommand(name: string, scope: ScopeView): string {
  const some = scope.vms === "failed" ? " --failed" : scope.vms === "chosen" ? scope.names.map((vm) => ` --vm ${word(vm)}`).join("") : "";
  return `kuramori job run ${word(name)}${some}`;
}
