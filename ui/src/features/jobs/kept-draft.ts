import type { ConditionView } from "@/api/generated/ConditionView";
import type { DiskChoiceView } from "@/api/generated/DiskChoiceView";
import type { JobDraft } from "@/api/generated/JobDraft";
import type { KeepForView } from "@/api/generated/KeepForView";
import type { MonthDayView } from "@/api/generated/MonthDayView";
import type { PickView } from "@/api/generated/PickView";
import type { ScheduleView } from "@/api/generated/ScheduleView";
import type { SourceView } from "@/api/generated/SourceView";
import type { WhenView } from "@/api/generated/WhenView";
import { spanKeys } from "@/lib/retention";

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";
const isTextOrNull = (value: unknown) => value === null || isText(value);
const isCount = (value: unknown, most = Number.MAX_SAFE_INTEGER): value is number => Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
const isClock = (value: unknown) => isText(value) && /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(value);

function isCondition(value: unknown): value is ConditionView {
  if (!isFields(value)) return false;
  switch (value["on"]) {
    case "name":
    case "datastore":
    case "system": return isText(value["pattern"]);
    case "tag": return isTextOrNull(value["category"]) && isText(value["tag"]);
    case "place": return isText(value["id"]) && isText(value["name"]);
    case "power": return ["on", "off", "suspended", "unknown"].includes(value["is"] as string);
    default: return false;
  }
}

function isPick(value: unknown): value is PickView {
  if (!isFields(value)) return false;
  switch (value["by"]) {
    case "vm": return isTextOrNull(value["instance_uuid"]) && isText(value["reference"]) && isText(value["name"]);
    case "group": return isText(value["id"]) && isText(value["name"]);
    case "rule": return Array.isArray(value["conditions"]) && value["conditions"].length > 0 && value["conditions"].every(isCondition);
    case "all": return true;
    default: return false;
  }
}

const isSource = (value: unknown): value is SourceView => isFields(value) && isText(value["server_id"]) && isPick(value["pick"]);

const isDisk = (value: unknown): value is DiskChoiceView =>
  isFields(value) && isText(value["server_id"]) && isTextOrNull(value["instance_uuid"]) && isText(value["reference"]) && isText(value["vm_name"]) && isTextOrNull(value["uuid"]) && Number.isSafeInteger(value["key"]) && isText(value["label"]);

function isMonthDay(value: unknown): value is MonthDayView {
  if (!isFields(value)) return false;
  switch (value["day"]) {
    case "date": return isCount(value["date"], 31);
    case "last":
    case "last-working-day": return true;
    case "nth": return isCount(value["nth"], 5) && isCount(value["weekday"], 6);
    case "last-of": return isCount(value["weekday"], 6);
    default: return false;
  }
}

function isWhen(value: unknown): value is WhenView {
  if (!isFields(value)) return false;
  switch (value["by"]) {
    case "week": return Array.isArray(value["days"]) && value["days"].every((day) => isCount(day, 6)) && isClock(value["at"]);
    case "month": return isMonthDay(value["on"]) && isClock(value["at"]);
    case "year": return isCount(value["month"], 12) && isMonthDay(value["on"]) && isClock(value["at"]);
    case "interval": return isCount(value["minutes"], 1440) && value["minutes"] > 0;
    case "after": return isText(value["job_id"]) && typeof value["only_success"] === "boolean";
    case "plugged": return isCount(value["gap_minutes"]);
    default: return false;
  }
}

const isKeep = (value: unknown): value is KeepForView => isFields(value) && (value["unit"] === "forever" || (["days", "weeks", "months", "years"].includes(value["unit"] as string) && isCount(value["count"])));
const isHours = (value: unknown): value is number[] => Array.isArray(value) && value.length === 7 && value.every((day) => isCount(day, 0xffffff));

/** A schedule with all its fields, or nothing where it does not say when. */
function schedules(value: unknown): ScheduleView[] {
  if (!isFields(value) || !isWhen(value["when"])) return [];
  const { id, when, effective_from, allowed, until, keep } = value;
  return [{ id: isText(id) ? id : null, when, effective_from: isText(effective_from) && /^\d{4}-\d\d-\d\d$/.test(effective_from) ? effective_from : null, allowed: isHours(allowed) ? allowed : null, until: isClock(until) ? (until as string) : null, keep: isKeep(keep) ? keep : null }];
}

const all = <Item>(value: unknown, test: (one: unknown) => one is Item, otherwise: readonly Item[]): Item[] => (Array.isArray(value) ? value.filter(test) : [...otherwise]);

/**
 * A draft as it was kept, perhaps by an earlier version: each field that is missing, or is not what
 * it should be, is the one that the draft would begin with. `null` when nothing of a draft is there.
 */
export function keptDraft(value: unknown, initial: JobDraft): JobDraft | null {
  if (!isFields(value) || !Array.isArray(value["sources"]) || !Array.isArray(value["schedules"])) return null;
  const spans = isFields(value["spans"]) ? value["spans"] : {};
  const { name, repository_id, zone, limit, catch_up_hours, rpo_minutes, retry_minutes } = value;
  return {
    name: isText(name) ? name : initial.name,
    sources: value["sources"].filter(isSource),
    leave_out: all(value["leave_out"], isText, initial.leave_out),
    without: all(value["without"], isSource, initial.without),
    leave_out_disks: all(value["leave_out_disks"], isDisk, initial.leave_out_disks),
    repository_id: isText(repository_id) ? repository_id : initial.repository_id,
    limit: limit === null || isCount(limit) ? limit : initial.limit,
    schedules: value["schedules"].flatMap(schedules),
    spans: Object.fromEntries(spanKeys.map((key) => [key, isCount(spans[key]) ? spans[key] : initial.spans[key]])) as JobDraft["spans"],
    zone: zone === null || isText(zone) ? zone : initial.zone,
    retry_minutes: all(retry_minutes, (one): one is number => isCount(one), initial.retry_minutes),
    catch_up_hours: isCount(catch_up_hours) ? catch_up_hours : initial.catch_up_hours,
    rpo_minutes: rpo_minutes === null || isCount(rpo_minutes) ? rpo_minutes : initial.rpo_minutes,
  };
}
