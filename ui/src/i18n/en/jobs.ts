import type { KeepForView } from "@/api/generated/KeepForView";
import type { MonthDayView } from "@/api/generated/MonthDayView";
import { plural } from "@/lib/plural";

const short = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const long = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const nth = ["first", "second", "third", "fourth"];

function daysText(days: readonly number[]): string {
  const sorted = [...days].sort((a, b) => a - b);
  if (sorted.length === 7) return "every day";
  if (sorted.join() === "0,1,2,3,4") return "every working day";
  if (sorted.length === 0) return "no day";
  return `every ${sorted.map((day) => (sorted.length === 1 ? long[day] : short[day])).join(", ")}`;
}

function monthDay(on: MonthDayView): string {
  switch (on.day) {
    case "date": return `day ${on.date}`;
    case "last": return "the last day";
    case "last-working-day": return "the last working day";
    case "nth": return `the ${nth[on.nth - 1] ?? "first"} ${long[on.weekday] ?? ""}`;
    case "last-of": return `the last ${long[on.weekday] ?? ""}`;
  }
}

const every = (minutes: number) => (minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`);

/** Words of schedules and of how long something is kept. */
export const schedules = {
  short,
  long,
  months,
  week: (days: readonly number[], at: string) => `${daysText(days)} at ${at}`,
  month: (on: MonthDayView, at: string) => `every month on ${monthDay(on)} at ${at}`,
  year: (month: number, on: MonthDayView, at: string) => `every ${months[month - 1] ?? ""} on ${monthDay(on)} at ${at}`,
  every: (minutes: number, hours: boolean) => `every ${every(minutes)}${hours ? " in the allowed hours" : ""}`,
  after: (job: string, onlySuccess: boolean) => (onlySuccess ? `after “${job}” ended well` : `after “${job}” ended`),
  everyShort: every,
  keep: (keep: KeepForView): string => (keep.unit === "forever" ? "for ever" : plural(keep.count, keep.unit.slice(0, -1))),
  spans: (parts: { last: number; daily: number; weekly: number; monthly: number; yearly: number }) =>
    [parts.last > 0 ? `the last ${parts.last}` : "", parts.daily > 0 ? plural(parts.daily, "day") : "", parts.weekly > 0 ? plural(parts.weekly, "week") : "", parts.monthly > 0 ? plural(parts.monthly, "month") : "", parts.yearly > 0 ? plural(parts.yearly, "year") : ""].filter(Boolean).join(", "),
  spansShort: (parts: { last: number; daily: number; weekly: number; monthly: number; yearly: number }) =>
    [parts.last > 0 ? `${parts.last} last` : "", parts.daily > 0 ? `${parts.daily} d` : "", parts.weekly > 0 ? `${parts.weekly} w` : "", parts.monthly > 0 ? `${parts.monthly} m` : "", parts.yearly > 0 ? `${parts.yearly} y` : ""].filter(Boolean).join(" · "),
  and: (parts: readonly string[]) => (parts.length < 2 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1) ?? ""}`),
};

export const jobs = {
  title: "Jobs",
  fact: (count: number) => plural(count, "job"),
  table: "Jobs, most at risk first",
  newJob: "New job",
  find: "Find a job",
  colJob: "Job",
  colWhen: "When",
  colGoes: "Goes to",
  colNext: "Next",
  colLast: "Last result",
  colLength: "Length",
  colMenu: "Actions",
  emptyTitle: "No job yet.",
  emptyText: "A job saves VMs by itself, as often as you say.",
  emptyAction: "Make a job",
  noMatch: (text: string) => `No job called “${text}”.`,

  allWell: (count: number) => (count === 1 ? "The job is well." : `All ${count} jobs are well.`),
  someWell: (well: number, all: number, worst: string, word: string) => `${well} of ${plural(all, "job")} ${well === 1 ? "is" : "are"} well. “${worst}”: ${word.toLowerCase()}.`,
  nextIs: (job: string, when: string) => `Next to run: ${job}, ${when}.`,
  nextNone: "None of them runs by itself.",
  unreadable: (names: string) => `This version cannot read ${names}. It does not run.`,
  uncovered: (count: number) => `${plural(count, "VM")} in no job`,
  uncoveredMore: (names: string, more: number) => (more === 0 ? names : `${names} and ${more} more`),
  protectThem: "Put into a new job",

  states: { failed: "Failed", missed: "Missed", late: "Late", warned: "Saved, with warnings", running: "Running", stopped: "Stopped", soon: "Due soon", paused: "Paused", ok: "Protected", byHand: "Only by hand", placeGone: "Place not known" },
  vms: (count: number) => plural(count, "VM"),
  noSchedule: "When somebody asks",
  more: (count: number) => `and ${count} more`,
  then: (job: string) => `Then “${job}”`,
  placeGone: "no longer known",
  pausedUntil: (when: string) => `until ${when}`,
  pausedOpen: "until you resume it",
  never: "no run yet",
  saved: "Saved",
  cutOff: "Cut off",
  usually: (length: string) => `usually ${length}`,
  steady: "steady",
  firstLength: "few runs yet",
  lengths: (lengths: string) => `Last runs: ${lengths}`,

  menu: (job: string) => `Actions of ${job}`,
  run: "Run…",
  pause: "Pause until…",
  pauseTomorrow: (when: string) => `Tomorrow, ${when}`,
  pauseMonday: (when: string) => `Monday, ${when}`,
  pauseWeek: "In a week",
  pauseOpen: "I resume it",
  resume: "Resume",
  edit: "Edit",
  duplicate: "Duplicate",
  command: "Show command",
  remove: "Delete job, keep recovery points",
  copyName: (job: string) => `${job}, copy`,
  paused: (job: string) => `“${job}” waits.`,
  resumed: (job: string) => `“${job}” goes on.`,
  deleted: (job: string) => `“${job}” is deleted.`,
  deleteTitle: (job: string) => `Delete “${job}”?`,
  deleteText: "It does not run again. Its recovery points stay, and no rule ends them any more.",
  deleteFollowed: (jobs: string) => `${jobs} runs after it and will not begin by itself any more.`,
  deleteYes: "Delete the job",

  commandTitle: "The same on the command line",
  commandCopy: "Copy",
  commandCopied: "Command copied.",
  commandUnsaid: (what: string) => `The command line cannot say these: ${what}. They keep their defaults there.`,
  unsaid: { hours: "allowed hours", from: "the first day", retry: "tries after a failure", catchUp: "catching up", rpo: "an age that is not whole hours" },

  runTitle: (job: string) => `Run “${job}”`,
  runLast: (when: string) => `last run ${when}`,
  runWhich: "Which VMs",
  runFailed: "Only what failed last time",
  runFailedRest: (failed: string, others: number) => (others === 0 ? `${failed}.` : `${failed}. The other ${plural(others, "VM")} ended well.`),
  runAll: (count: number) => (count === 1 ? "The VM" : `All ${plural(count, "VM")}`),
  runChosen: "Chosen",
  runChosenText: "tick them one by one",
  runWell: (what: string, place: string) => `Saves ${what} to ${place} now.`,
  runAbout: (length: string) => `Usually ${length}.`,
  runKept: "The rules of the job say how long it is kept. The runs to come start as planned.",
  runNothing: "Tick at least one VM.",
  runReading: "Looking up which VMs it saves…",
  runNow: "Run now",
};
