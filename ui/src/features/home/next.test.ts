import { describe, expect, it } from "vitest";
import type { JobView } from "@/api/generated/JobView";
import type { WhenView } from "@/api/generated/WhenView";
import { comingOf, hasTimes, type Preview } from "./next";

const now = new Date("2026-05-08T12:00:00Z");
const week: WhenView = { by: "week", days: [0, 1, 2, 3, 4, 5, 6], at: "20:00:00" };
const after = (job_id: string): WhenView => ({ by: "after", job_id, only_success: true });

function job(id: string, when: WhenView[], more: Partial<JobView> = {}): JobView {
  const schedules = when.map((one) => ({ id: null, when: one, effective_from: null, allowed: null, until: null, keep: null }));
  const draft = { name: `Job ${id}`, sources: [], leave_out: [], without: [], leave_out_disks: [], repository_id: "r", limit: null, schedules, spans: { last: 1, daily: null, weekly: null, monthly: null, yearly: null }, zone: null, retry_minutes: [], catch_up_hours: 0, rpo_minutes: null } as unknown as JobView["draft"];
  return { id, draft, repository_name: "NAS", saves: [], leaves_out: [], plan: [], continues_at: null, continues: null, paused: false, paused_until: null, next_at: null, last_run: null, ...more };
}

const slots = (...at: string[]): Preview => ({ slots: at.map((one) => ({ at: one, schedule: 0 })) });
const told = (jobs: JobView[], previews: Record<string, Preview>, usual: Record<string, number> = {}) => {
  const found = comingOf(jobs, ({ id }) => previews[id] ?? null, (name) => usual[name] ?? null, now);
  return { slots: found.slots.map(({ name, at }) => [name, at.toISOString().slice(5, 16)]), untimed: found.untimed };
};

describe("the next 24 hours", () => {
  it("are in their order, without what is over or later", () => {
    const found = told([job("a", [week]), job("b", [week])], { a: slots("2026-05-08T20:00:00Z", "2026-05-09T20:00:00Z"), b: slots("2026-05-08T11:00:00Z", "2026-05-08T13:00:00Z") });
    expect(found).toEqual({ slots: [["Job b", "05-08T13:00"], ["Job a", "05-08T20:00"]], untimed: [] });
  });

  it("tell what runs after another, and after that", () => {
    const jobs = [job("c", [after("b")]), job("b", [after("a")]), job("a", [week]), job("d", [after("away")]), job("e", [after("f")]), job("f", [after("e")])];
    expect(told(jobs, { a: slots("2026-05-08T20:00:00Z") }).untimed).toEqual([{ name: "Job b", after: "Job a", about: null }, { name: "Job c", after: "Job b", about: null }]);
    // As late as the one before usually takes; unknown again where that is not known.
    const later = (at: string) => new Date(at);
    expect(told(jobs, { a: slots("2026-05-09T08:00:00Z", "2026-05-08T20:00:00Z") }, { "Job a": 1800, "Job b": 600 }).untimed).toEqual([{ name: "Job b", after: "Job a", about: later("2026-05-08T20:30:00Z") }, { name: "Job c", after: "Job b", about: later("2026-05-08T20:40:00Z") }]);
    expect(told(jobs, { a: slots("2026-05-08T20:00:00Z") }, { "Job b": 600 }).untimed.map((one) => ("after" in one ? one.about : one))).toEqual([null, null]);
    expect(told(jobs, { a: slots() }).untimed).toEqual([]);
  });

  it("take the moment that the back end tells of one that follows, of a retry, and of one that goes on", () => {
    const jobs = [job("a", [week], { next_at: "2026-05-08T12:20:00Z" }), job("b", [after("a")], { next_at: "2026-05-08T21:00:00Z" }), job("c", [week], { next_at: null, continues_at: "2026-05-08T22:00:00Z" })];
    expect(told(jobs, { a: slots("2026-05-08T20:00:00Z") })).toEqual({ slots: [["Job a", "05-08T12:20"], ["Job a", "05-08T20:00"], ["Job b", "05-08T21:00"], ["Job c", "05-08T22:00"]], untimed: [] });
  });

  it("say which cannot be told, and which waits for a disk", () => {
    const jobs = [job("a", [week]), job("b", [{ by: "plugged", gap_minutes: 60 }])];
    expect(told(jobs, { a: { why: "This time zone is not known." } })).toEqual({ slots: [], untimed: [{ name: "Job a", why: "This time zone is not known." }, { name: "Job b", plugged: true }] });
  });

  it("leave out what is paused until it goes on", () => {
    const until = { paused: true, paused_until: "2026-05-08T19:00:00Z" };
    const jobs = [job("a", [week], { paused: true }), job("b", [week], until), job("c", [after("a")])];
    expect(jobs.map((one) => hasTimes(one, now))).toEqual([false, true, false]);
    expect(told(jobs, { a: slots("2026-05-08T20:00:00Z"), b: slots("2026-05-08T13:00:00Z", "2026-05-08T20:00:00Z") })).toEqual({ slots: [["Job b", "05-08T20:00"]], untimed: [] });
  });
});
