import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { JobDraft } from "@/api/generated/JobDraft";
import { fakeError } from "@/platform/fake/data";
import { open, press, sentTo, type } from "../app";

const rows = () => screen.getAllByTestId("jobs-table-row").map((row) => row.dataset["row"]);
const row = (name: string) => within(screen.getByTestId("jobs-table")).getByText(name).closest<HTMLElement>("[data-row]")!;
const draftSent = (back: Parameters<typeof sentTo>[0], index = 0) => (sentTo(back, "jobs.save")[index] as { draft: JobDraft }).draft;
const pressed = async (user: ReturnType<typeof open>["user"], name: string, action: string) => {
  await screen.findByTestId("jobs-table");
  await user.click(within(row(name)).getByTestId("job-menu"));
  await user.click(await screen.findByTestId(`job-menu-${action}`));
};

describe("the list of jobs", () => {
  it("has what is most at risk first, and says which", async () => {
    open("/jobs", "busy");
    await screen.findByTestId("jobs-table");
    expect(rows()).toEqual(["Office VMs", "Archive", "Critical VMs", "Month end", "Lab"].sort((a, b) => (a === "Office VMs" ? -1 : b === "Office VMs" ? 1 : 0)));
    expect(screen.getByTestId("sentence")).toHaveTextContent("4 of 5 jobs are well. “Office VMs”: failed.");
    expect(row("Office VMs")).toHaveTextContent("Every working day at 20:00");
    expect(await screen.findByTestId("jobs-uncovered")).toHaveTextContent("1 VM in no job: OLDWEB");
    // What follows it is told at the row.
    expect(within(row("Office VMs")).getByTestId("job-chain")).toHaveTextContent("Then “Archive”");
  });

  it("names the next step when there is none, and says what failed when it cannot be read", async () => {
    const { user } = open("/jobs", "shop");
    expect(await screen.findByTestId("empty")).toHaveTextContent("No job yet.");
    await press(user, "job-new");
    expect(await screen.findByTestId("job-wizard")).toBeVisible();
  });

  it("says what failed when it cannot be read", async () => {
    open("/jobs", "busy", { refused: { "jobs.list": fakeError("state-damaged") } });
    expect(await screen.findByTestId("failure")).toHaveAttribute("data-code", "state-damaged");
  });

  it("draws only what is in sight of 505 jobs, and finds one by typing", async () => {
    const { user } = open("/jobs", "manyJobs");
    await screen.findByTestId("jobs-table");
    expect(screen.getAllByTestId("jobs-table-row").length).toBeLessThan(60);
    await user.type(screen.getByTestId("jobs-search"), "job 417");
    await waitFor(() => expect(rows()).toEqual(["Job 417"]));
  });

  it("pauses, resumes and deletes, the last only after asking", async () => {
    const { back, user } = open("/jobs", "busy");
    await screen.findByTestId("jobs-table");
    await pressed(user, "Archive", "resume");
    await waitFor(() => expect(sentTo(back, "jobs.pause")).toEqual([{ job_id: "job-3", paused: false, until: null }]));
    await pressed(user, "Month end", "pause");
    await user.keyboard("{ArrowRight}");
    await user.click(await screen.findByTestId("job-menu-until-open"));
    await waitFor(() => expect(sentTo(back, "jobs.pause")[1]).toEqual({ job_id: "job-4", paused: true, until: null }));
    await pressed(user, "Office VMs", "delete");
    expect(await screen.findByTestId("job-delete")).toHaveTextContent("Archive runs after it");
    expect(screen.getByTestId("job-delete-safe")).toHaveFocus();
    expect(sentTo(back, "jobs.delete")).toEqual([]);
    await press(user, "job-delete-yes");
    await waitFor(() => expect(rows()).not.toContain("Office VMs"));
  });

  it("works by the keyboard alone: the run dialog, and Enter for the wizard", async () => {
    const { user } = open("/jobs", "busy");
    await screen.findByTestId("jobs-table");
    for (let presses = 0; presses < 20 && !screen.getByTestId("jobs-table").contains(document.activeElement); presses += 1) await user.tab();
    await user.keyboard("{Control>}r{/Control}");
    expect(await screen.findByTestId("run-dialog")).toHaveTextContent("Run “Office VMs”");
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByTestId("run-dialog")).toBeNull());
    await user.keyboard("{Enter}");
    expect(await screen.findByTestId("job-wizard")).toHaveTextContent("Edit job “Office VMs”");
  });

  it("shows the command line that makes the same job, and what it cannot say", async () => {
    const { back, user } = open("/jobs", "busy");
    await pressed(user, "Month end", "command");
    expect(await screen.findByTestId("command-line")).toHaveTextContent('kuramori job create "Month end" --vm vcenter.shop.lan:SQL01 --vm vcenter.shop.lan:WEB01 --repo NAS-OFFICE --at "monthly last-working-day 18:00 keep 7y" --zone UTC');
    await press(user, "command-copy");
    expect(back.copied).toContain("kuramori job create");
  });
});

describe("the run dialog", () => {
  it("chooses what failed last time first, and goes to the run", async () => {
    const { back, user } = open("/jobs", "busy");
    await pressed(user, "Office VMs", "run");
    expect(await screen.findByTestId("run-failed")).toHaveTextContent("FILE02. The other 4 VMs ended well.");
    expect(screen.getByTestId("run-sentence")).toHaveTextContent("Saves FILE02 to NAS-OFFICE now.");
    await press(user, "run-now");
    expect(await screen.findByTestId("run")).toBeVisible();
    expect(sentTo(back, "jobs.run")).toEqual([{ job_id: "job-1", scope: { vms: "failed" } }]);
  });

  it("takes chosen VMs, and none is not enough", async () => {
    const { back, user } = open("/jobs", "busy");
    await pressed(user, "Critical VMs", "run");
    await user.click(await screen.findByTestId("run-chosen"));
    expect(screen.getByTestId("run-now")).toBeDisabled();
    await user.click(screen.getByTestId("run-tick-SQL01"));
    await press(user, "run-now");
    await waitFor(() => expect(sentTo(back, "jobs.run")).toEqual([{ job_id: "job-2", scope: { vms: "chosen", names: ["SQL01"] } }]));
  });

  it("stays and says why when the run does not begin", async () => {
    const { user } = open("/jobs", "busy", { refused: { "jobs.run": fakeError("store-full") } });
    await pressed(user, "Critical VMs", "run");
    await press(user, "run-now");
    expect(await within(screen.getByTestId("run-dialog")).findByTestId("failure")).toHaveAttribute("data-code", "store-full");
  });
});

describe("the job wizard", () => {
  const vm = (name: string) => screen.getAllByTestId("source-vm").find((one) => one.dataset["name"] === name)!;
  const group = (name: string) => screen.getAllByTestId("source-group").find((one) => one.dataset["name"] === name)!;

  it("makes a good job of nothing but a VM", async () => {
    const { back, user } = open("/jobs/new", "shop");
    await screen.findByTestId("source-tree");
    expect(screen.getByTestId("job-finish")).toBeDisabled();
    await user.click(vm("APP01"));
    await waitFor(() => expect(screen.getByTestId("job-sentence")).toHaveTextContent("Every working day at 20:00 save 1 VM (44.9 GiB) to NAS-OFFICE. Keep 14 days, 8 weeks, 12 months."));
    await press(user, "job-finish");
    await screen.findByTestId("jobs-table");
    expect(draftSent(back)).toEqual({
      name: "APP01", sources: [{ server_id: "server-1", pick: { by: "vm", instance_uuid: expect.any(String) as string, reference: "vm-10", name: "APP01" } }], leave_out: [], without: [], leave_out_disks: [], repository_id: "repository-1", limit: null,
      schedules: [{ id: null, when: { by: "week", days: [0, 1, 2, 3, 4], at: "20:00:00" }, effective_from: null, allowed: null, until: null, keep: null }],
      spans: { last: 0, daily: 14, weekly: 8, monthly: 12, yearly: 0 }, zone: null, retry_minutes: [10, 20, 40], catch_up_hours: 12, rpo_minutes: null,
    });
    const toast = (await screen.findByText(/Saved\. Next run/)).closest<HTMLElement>("[data-testid=toast]")!;
    await user.click(within(toast).getByText("Undo"));
    await waitFor(() => expect(sentTo(back, "jobs.delete")).toHaveLength(1));
  });

  it("takes a host as it is now or always, and leaves a VM of it out by name", async () => {
    const { back, user } = open("/jobs/new", "shop");
    await screen.findByTestId("source-tree");
    await user.click(group("esx2.shop.lan"));
    await waitFor(() => expect(screen.getAllByTestId("source-member").map((one) => one.dataset["name"])).toEqual(["ARCHIVE01", "DEV01", "FILE02"]));
    await user.click(screen.getAllByTestId("source-when")[1]!);
    await user.click(vm("FILE02"));
    await waitFor(() => expect(screen.getAllByTestId("source-member").map((one) => one.dataset["name"])).toEqual(["ARCHIVE01", "DEV01"]));
    await press(user, "job-finish");
    await waitFor(() => expect(draftSent(back)).toMatchObject({ name: "esx2.shop.lan", sources: [{ server_id: "server-1", pick: { by: "group", id: "host:esx2.shop.lan", name: "esx2.shop.lan" } }], leave_out: ["FILE02"] }));
  });

  it("chooses by rules, leaves out by rules, and changes and removes them", async () => {
    const { back, user } = open("/jobs/new", "shop");
    await screen.findByTestId("source-tree");
    await press(user, "rule-add");
    await type(user, "rule-value-0", "*01");
    expect(await screen.findByText(/VMs fit now/)).toBeVisible();
    await press(user, "rule-more");
    expect(screen.getByTestId("rule-done")).toBeDisabled();
    await user.click(screen.getByTestId("rule-what-1"));
    await user.click(await screen.findByTestId("rule-what-1-place"));
    await user.click(screen.getByTestId("rule-value-1"));
    await user.click(await screen.findByTestId("rule-value-1-host:esx2.shop.lan"));
    await waitFor(() => expect(screen.getByTestId("rule-fits")).toHaveTextContent("2 VMs fit now: ARCHIVE01, DEV01"));
    await press(user, "rule-done");
    expect((await screen.findAllByTestId("source-member")).map((one) => one.dataset["name"])).toEqual(["ARCHIVE01", "DEV01"]);
    await waitFor(() => expect(screen.getByTestId("source-rule")).toHaveTextContent("name *01 and in esx2.shop.lan2 VMs now"));
    await press(user, "rule-add-out");
    await type(user, "rule-value-0", "dev*");
    await press(user, "rule-done");
    await waitFor(() => expect(screen.getAllByTestId("source-member").map((one) => one.dataset["name"])).toEqual(["ARCHIVE01"]));
    // Changed: back with what it left out, and another goes.
    await press(user, "rule-edit-out-0");
    await type(user, "rule-value-0", "arch*");
    await press(user, "rule-done");
    await waitFor(() => expect(screen.getAllByTestId("source-member").map((one) => one.dataset["name"])).toEqual(["DEV01"]));
    await user.click(within(screen.getByTestId("source-rule-out")).getByRole("button", { name: "Leave name arch* out no longer" }));
    await waitFor(() => expect(screen.getAllByTestId("source-member")).toHaveLength(2));
    await press(user, "job-finish");
    await waitFor(() => expect(draftSent(back)).toMatchObject({ name: "name *01 and in esx2.shop.lan", without: [], sources: [{ server_id: "server-1", pick: { by: "rule", conditions: [{ on: "name", pattern: "*01" }, { on: "place", id: "host:esx2.shop.lan", name: "esx2.shop.lan" }] } }] }));
  });

  it("says when it cannot be told which VMs fit a rule, and lets the rule be kept", async () => {
    const { user } = open("/jobs/new", "shop", { refused: { "jobs.plan": fakeError("state-damaged") } });
    await screen.findByTestId("source-tree");
    await press(user, "rule-add");
    await type(user, "rule-value-0", "*01");
    await waitFor(() => expect(screen.getByTestId("rule-fits")).toHaveTextContent("Which VMs fit cannot be told."));
    await press(user, "rule-done");
    await waitFor(() => expect(screen.getByTestId("rule-count")).toHaveTextContent("cannot be told"));
  });

  it("leaves a single disk of a chosen VM out", async () => {
    const { back, user } = open("/jobs/new", "shop");
    await screen.findByTestId("source-tree");
    await user.click(vm("APP01"));
    const chosen = await screen.findByTestId("source-member");
    await user.click(within(chosen).getByTestId("source-disks"));
    const boxes = within(chosen).getAllByRole("checkbox");
    expect(boxes.length).toBeGreaterThan(1);
    await user.click(boxes[1]!);
    await waitFor(() => expect(chosen).toHaveTextContent(`${boxes.length - 1} of ${boxes.length} disks`));
    await press(user, "job-finish");
    await waitFor(() => expect(draftSent(back).leave_out_disks).toEqual([{ server_id: "server-1", instance_uuid: expect.any(String) as string, reference: "vm-10", vm_name: "APP01", uuid: null, key: expect.any(Number) as number, label: "Hard disk 2" }]));
  });

  it("ticks by the keyboard alone", async () => {
    const { user } = open("/jobs/new", "shop");
    await screen.findByTestId("source-tree");
    for (let presses = 0; presses < 40 && !screen.getByTestId("source-tree").contains(document.activeElement); presses += 1) await user.tab();
    await user.keyboard("{ArrowDown}{ArrowDown} ");
    await waitFor(() => expect(screen.getAllByTestId("source-member").map((one) => one.dataset["name"])).toEqual(["APP01"]));
  });

  it("begins with what is in no job, and with a copy of one", async () => {
    const { user } = open("/jobs", "busy");
    await user.click(await screen.findByTestId("jobs-protect"));
    expect((await screen.findAllByTestId("source-member")).map((one) => one.dataset["name"])).toEqual(["OLDWEB"]);
    await press(user, "job-close");
    await pressed(user, "Critical VMs", "duplicate");
    expect(await screen.findByTestId("job-wizard")).toHaveTextContent("New job “Critical VMs, copy”");
    expect(screen.getByTestId("job-wizard")).toHaveAttribute("data-step", "options");
  });

  it("changes when and for how long, hours painted by the keyboard", async () => {
    const { back, user } = open("/jobs/job-4?step=schedule", "busy");
    await screen.findByTestId("schedule-row");
    await type(user, "schedule-at-0", "25:99");
    await user.tab();
    expect(screen.getByText("Write a time such as 20:00.")).toBeVisible();
    await type(user, "schedule-at-0", "1930");
    await user.tab();
    expect(await screen.findByDisplayValue("19:30")).toBeVisible();
    await user.click(screen.getByTestId("schedule-add-working-days-evening"));
    await user.click(await screen.findByTestId("schedule-day-1-4"));
    await user.click(screen.getByTestId("schedule-hours-1"));
    screen.getByTestId("hour-0-8").focus();
    // Off at 8, and on to 11 with Shift held.
    await user.keyboard(" {Shift>}{ArrowRight}{ArrowRight}{ArrowRight}{/Shift}");
    expect(screen.getByTestId("hour-0-11")).toHaveAttribute("aria-selected", "false");
    expect(screen.getByTestId("hour-0-12")).toHaveAttribute("aria-selected", "true");
    await press(user, "job-finish");
    await waitFor(() => expect(sentTo(back, "jobs.save")).toHaveLength(1));
    const [first, second] = draftSent(back).schedules;
    expect(first).toMatchObject({ id: "job-4-1", when: { by: "month", at: "19:30:00" } });
    expect(second).toMatchObject({ id: null, when: { by: "week", days: [0, 1, 2, 3] }, keep: { unit: "years", count: 7 } });
    expect(second?.allowed?.[0]).toBe(0xffffff & ~0b1111_0000_0000);
    expect(second?.allowed?.[1]).toBe(0xffffff);
  });

  it("gives a rule a first day and the end of its window, and asks for no hours of what follows a disk", async () => {
    const { back, user } = open("/jobs/job-1?step=schedule", "busy");
    await press(user, "schedule-hours-0");
    await type(user, "schedule-from-0", "2027-02-30{Enter}");
    expect(await screen.findByText("Write a day such as 2026-05-08.")).toBeVisible();
    await type(user, "schedule-from-0", "2027-02-28{Enter}");
    await type(user, "schedule-until-0", "6{Enter}");
    expect(await screen.findByText("from 2027-02-28 · pauses at 06:00, goes on next time")).toBeVisible();
    const count = screen.getAllByTestId("schedule-row").length;
    await press(user, "schedule-add-plugged");
    expect(await screen.findByTestId(`schedule-gap-${count}`)).toBeVisible();
    expect(screen.queryByTestId(`schedule-hours-${count}`)).toBeNull();
    await press(user, "job-finish");
    await waitFor(() => expect(sentTo(back, "jobs.save")).toHaveLength(1));
    expect(draftSent(back).schedules[0]).toMatchObject({ effective_from: "2027-02-28", until: "06:00:00" });
    expect(draftSent(back).schedules.at(-1)).toMatchObject({ when: { by: "plugged", gap_minutes: 1440 }, allowed: null, until: null, effective_from: null });
  });

  it("takes rules proposed from the age allowed, and takes them back", async () => {
    const { back, user } = open("/jobs/job-1?step=schedule", "busy");
    await screen.findAllByTestId("schedule-row");
    const before = screen.getAllByTestId("schedule-row").length;
    await press(user, "propose-age");
    await press(user, "propose-age-240");
    await press(user, "propose");
    expect(await screen.findByTestId("proposed")).toHaveTextContent("For an RPO of 4 h");
    expect(screen.getAllByTestId("schedule-row")).toHaveLength(1);
    expect(sentTo(back, "schedules.propose")).toEqual([{ rpo_minutes: 240, zone: "UTC" }]);
    await press(user, "propose-back");
    await waitFor(() => expect(screen.getAllByTestId("schedule-row")).toHaveLength(before));
  });

  it("says why no ready schedules are offered", async () => {
    open("/jobs/job-1?step=schedule", "busy", { refused: { "jobs.presets": fakeError("state-damaged") } });
    expect(await screen.findByTestId("schedule-presets-failed")).toHaveAttribute("data-code", "state-damaged");
    expect(screen.getByTestId("schedule-add-plugged")).toBeVisible();
    expect(screen.queryByTestId("schedule-add-working-days-evening")).toBeNull();
  });

  it("shows where jobs meet, and moves this one by one press", async () => {
    const { user } = open("/jobs/job-1?step=schedule", "busy");
    await waitFor(() => expect(screen.getByTestId("week-spoken")).toHaveTextContent(/This job runs [67] times in the next seven days/));
    // Critical VMs run every four hours, so at 20:00 as well.
    await user.click(await screen.findByTestId("job-fix-overlap-0"));
    expect(await screen.findByTestId("schedule-at-0")).toHaveValue("20:20");
    expect(screen.queryByTestId("job-fix-overlap-0")).toBeNull();
    await user.click(screen.getByTestId("schedule-add-working-days-evening"));
    expect(await screen.findAllByTestId("schedule-row")).toHaveLength(4);
  });

  it("keeps by a table or by schedule, and says when nothing would be kept", async () => {
    const { back, user } = open("/jobs/job-2?step=retention", "busy");
    await user.click(await screen.findByTestId("preset-legal"));
    expect(screen.getByTestId("keep-yearly")).toHaveValue("7");
    expect(screen.getByTestId("keep-there")).toHaveTextContent(/\d+ recovery points of each VM/);
    for (const part of ["daily", "weekly", "monthly", "yearly"]) {
      await type(user, `keep-${part}`, "0");
      await user.tab();
    }
    await waitFor(() => expect(screen.getByTestId("job-finish")).toBeDisabled());
    expect(screen.getByText(/Still open: Nothing would be kept/)).toBeVisible();
    await user.click(screen.getByTestId("retention-view-simple"));
    await user.click(screen.getByTestId("keep-unit-0"));
    await user.click(await screen.findByTestId("keep-unit-0-weeks"));
    await type(user, "keep-count-0", "3");
    await user.tab();
    await press(user, "job-finish");
    await waitFor(() => expect(draftSent(back)).toMatchObject({ spans: { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }, schedules: [{ keep: { unit: "weeks", count: 3 } }] }));
  });

  it("asks the back end what a changed rule makes of the recovery points there are, with what it frees", async () => {
    const { back, user } = open("/jobs/job-1?step=retention", "week");
    expect(await screen.findByTestId("what-goes")).toHaveTextContent(/recovery points?/);
    await type(user, "keep-daily", "1");
    await user.tab();
    await waitFor(() => expect(sentTo(back, "retention.what-if").at(-1)).toMatchObject({ job_id: "job-1", draft: { spans: { daily: 1 } } }));
    await waitFor(() => expect(screen.getAllByTestId("what-goes-row")[0]).toHaveTextContent("nothing in the rule keeps it"));
    expect(screen.getByTestId("what-goes")).toHaveTextContent(/a clean-up then frees [\d.]+ [GM]iB/);
  });

  it("keeps a single recovery point that would go", async () => {
    const { back, user } = open("/jobs/job-1?step=retention", "week");
    await screen.findByTestId("what-goes");
    await type(user, "keep-daily", "1");
    await user.tab();
    await waitFor(() => expect(screen.getAllByTestId("what-goes-row")[0]).toHaveAttribute("data-kept", "false"));
    const going = () => screen.getAllByTestId("what-goes-row").filter((one) => one.dataset["kept"] === "false");
    const first = going()[0]!.textContent;
    await user.click(within(going()[0]!).getByRole("button", { name: /^Keep recovery point/ }));
    await waitFor(() => expect(sentTo(back, "points.hold")).toMatchObject([{ points: [expect.any(String)], reason: "Kept while the rule of its job was changed" }]));
    await waitFor(() => expect(going().map((one) => one.textContent)).not.toContain(first));
  });

  it("says when no plan can be made", async () => {
    open("/jobs/job-1", "busy", { refused: { "jobs.plan": fakeError("state-damaged") } });
    await waitFor(() => expect(screen.getAllByTestId("job-issue").map((one) => one.dataset["issue"])).toContain("plan-failed"));
  });

  it("warns, and sets right by the link", async () => {
    const { user } = open("/jobs/job-2?step=options", "busy");
    await user.click(within(await screen.findByTestId("option-rpo")).getByText("Age allowed"));
    await user.click(screen.getByTestId("job-rpo"));
    await user.click(await screen.findByTestId("job-rpo-60"));
    await user.click(await screen.findByTestId("job-fix-rpo"));
    await waitFor(() => expect(screen.queryByTestId("job-fix-rpo")).toBeNull());
    expect(screen.getByTestId("option-rpo")).toHaveTextContent("at most 4 h old");
  });

  it("does not take the name of another job", async () => {
    const { user } = open("/jobs/job-2?step=options", "busy");
    await type(user, "job-name", "Archive");
    await waitFor(() => expect(screen.getByTestId("job-finish")).toBeDisabled());
    expect(screen.getAllByText("“Archive” is another job").length).toBeGreaterThan(0);
  });

  it("keeps the draft when it is closed, and lets go of it when asked", async () => {
    const { user } = open("/jobs/new", "shop");
    await screen.findByTestId("source-tree");
    await user.click(vm("APP01"));
    await press(user, "job-close");
    await press(user, "job-new");
    expect(await screen.findByText(/This is your draft from last time/)).toBeVisible();
    expect(screen.getAllByTestId("source-member")).toHaveLength(1);
    await user.click(screen.getByTestId("job-start-over"));
    await waitFor(() => expect(screen.queryAllByTestId("source-member")).toHaveLength(0));
  });

  it("finishes and runs, by way of the run dialog", async () => {
    const { back, user } = open("/jobs/new", "shop");
    await screen.findByTestId("source-tree");
    await user.click(vm("DC01"));
    await press(user, "job-finish-run");
    await press(user, "run-now");
    expect(await screen.findByTestId("run")).toBeVisible();
    expect(sentTo(back, "jobs.save")).toHaveLength(1);
    expect(sentTo(back, "jobs.run")).toEqual([{ job_id: "job-1", scope: { vms: "all" } }]);
  });

  it("stays with what was filled in when saving is refused", async () => {
    const { user } = open("/jobs/new", "shop", { refused: { "jobs.save": fakeError("state-damaged") } });
    await screen.findByTestId("source-tree");
    await user.click(vm("APP01"));
    await press(user, "job-finish");
    expect(await screen.findByTestId("failure")).toHaveAttribute("data-code", "state-damaged");
    expect(screen.getAllByTestId("source-member")).toHaveLength(1);
  });
});
