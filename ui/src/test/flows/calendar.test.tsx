import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { fakeError } from "@/platform/fake/data";
import { open, press, sentTo } from "../app";

const entries = (name: string) => screen.queryAllByTestId("calendar-entry").filter((one) => one.dataset["name"] === name);

async function nextWeek(user: ReturnType<typeof open>["user"]) {
  await screen.findByTestId("calendar-grid");
  await press(user, "calendar-later");
  await waitFor(() => expect(entries("Office VMs").length).toBeGreaterThan(4));
}

describe("the calendar", () => {
  it("shows what was with its result and what is planned with its usual length", async () => {
    const { user } = open("/calendar", "week");
    await screen.findByTestId("calendar-grid");
    await press(user, "calendar-earlier");
    await waitFor(() => expect(entries("Critical VMs").some((one) => one.dataset["state"] === "saved")).toBe(true));
    await press(user, "calendar-today");
    await nextWeek(user);
    const plan = entries("Office VMs")[0]!;
    expect(plan).toHaveAttribute("data-state", "planned");
    expect(plan.getAttribute("aria-label")).toMatch(/Office VMs, planned, usually \d+ min/);
    // What follows another job is drawn where that one ends.
    expect(entries("Archive").length).toBe(7);
    expect(screen.getByTestId("calendar")).toHaveTextContent("Paused: Month end.");
    expect(screen.getByTestId("calendar")).toHaveTextContent("Free 00:00 – 20:20");
  });

  it("goes through the entries by the keyboard and opens a run", async () => {
    const { user } = open("/calendar", "week");
    await screen.findByTestId("calendar-grid");
    await press(user, "calendar-earlier");
    await waitFor(() => expect(entries("Mail").length).toBeGreaterThan(3));
    for (let presses = 0; presses < 20 && !screen.getByTestId("calendar-grid").contains(document.activeElement); presses += 1) await user.tab();
    await user.keyboard("{ArrowUp}{Home}");
    expect(document.activeElement).toBe(screen.getAllByTestId("calendar-day")[Number((document.activeElement as HTMLElement).dataset["day"])]!.querySelector("[data-entry]"));
    await user.keyboard("{ArrowRight}{Enter}");
    await user.click(within(await screen.findByTestId("entry-details")).getByText("Open the run"));
    expect(await screen.findByTestId("run")).toBeVisible();
  });

  it("moves a schedule for good, and only after asking", async () => {
    const { back, user } = open("/calendar", "week");
    await nextWeek(user);
    entries("Office VMs")[0]!.focus();
    await user.keyboard("m{ArrowRight}{ArrowRight}{ArrowLeft}");
    expect(screen.getByTestId("calendar")).toHaveTextContent("Office VMs at 20:20. Beside Mail, Archive.");
    await user.keyboard("{Escape}m{ArrowLeft}{Enter}");
    expect(await screen.findByTestId("move-confirm")).toHaveTextContent("Each run of this schedule that starts at 20:05 now will start at 19:50, on all its days.");
    expect(sentTo(back, "jobs.save")).toEqual([]);
    await press(user, "move-confirm-yes");
    await waitFor(() => expect(sentTo(back, "jobs.save")).toHaveLength(1));
    const saved = sentTo(back, "jobs.save")[0] as { job_id: string; draft: { schedules: { when: unknown }[] } };
    expect(saved.job_id).toBe("job-2");
    expect(saved.draft.schedules.map((one) => one.when)).toEqual([{ by: "week", days: [0, 1, 2, 3, 4], at: "19:50" }, { by: "week", days: [6], at: "22:00" }]);
    await waitFor(() => expect(entries("Office VMs")[0]!.getAttribute("aria-label")).toContain("19:50"));
  });

  it("moves by the mouse, opens nothing with the click that ends it, and puts back what is not wanted", async () => {
    const { back, user } = open("/calendar", "week");
    await nextWeek(user);
    const bar = entries("Office VMs")[0]!;
    // A day is 1,200 px wide here: 25 px are half an hour.
    fireEvent.pointerDown(bar, { button: 0, clientX: 1000 });
    fireEvent.pointerMove(window, { clientX: 975 });
    expect(screen.getByTestId("calendar")).toHaveTextContent("Office VMs at 19:35. Beside Critical VMs, Mail.");
    fireEvent.pointerUp(window, { clientX: 975 });
    fireEvent.click(bar);
    expect(await screen.findByTestId("move-confirm")).toHaveTextContent("Start Office VMs at 19:35?");
    expect(screen.queryByTestId("entry-details")).toBeNull();
    await press(user, "move-confirm-safe");
    await waitFor(() => expect(screen.queryByTestId("move-confirm")).toBeNull());
    expect(sentTo(back, "jobs.save")).toEqual([]);
    await user.click(bar);
    expect(await screen.findByTestId("entry-details")).toHaveTextContent("usually");
    await press(user, "entry-move");
    await waitFor(() => expect(bar).toHaveFocus());
    await user.keyboard("{ArrowRight}");
    expect(screen.getByTestId("calendar")).toHaveTextContent("Office VMs at 20:20.");
  });

  it("tells what it does not know of far days", async () => {
    open("/calendar?day=2099-01-01", "week");
    await waitFor(() => expect(screen.getByTestId("calendar")).toHaveTextContent("Plans are told for 400 days ahead."));
  });

  it("says why a schedule was not moved and leaves it", async () => {
    const { user } = open("/calendar", "week", { refused: { "jobs.save": fakeError("state-damaged", { title: "The state folder cannot be used." }) } });
    await nextWeek(user);
    entries("Office VMs")[0]!.focus();
    await user.keyboard("m{ArrowLeft}{Enter}");
    await press(user, "move-confirm-yes");
    expect(await screen.findByTestId("toast")).toHaveTextContent("The state folder cannot be used.");
    expect(entries("Office VMs")[0]!.getAttribute("aria-label")).toContain("20:05");
  });

  it("finds one VM, and says when there is nothing of it", async () => {
    const { user } = open("/calendar?view=month", "week");
    await screen.findByTestId("calendar-grid");
    await user.type(screen.getByTestId("calendar-find"), "arch");
    await waitFor(() => expect(new Set(screen.getAllByTestId("calendar-entry").map((one) => one.dataset["name"]))).toEqual(new Set(["Archive"])));
    await user.type(screen.getByTestId("calendar-find"), "xyz");
    expect(await screen.findByText(/Nothing called “archxyz” here\./)).toBeVisible();
  });

  it("names the next step when it is empty, and says what failed", async () => {
    open("/calendar", "empty");
    expect(await screen.findByText("Nothing ran, and nothing is planned.")).toBeVisible();
  });

  it("shows the rest when one plan cannot be told", async () => {
    open("/calendar", "week", { refused: { "schedules.preview": fakeError("invalid-input", { title: "This time zone is not known." }) } });
    expect((await screen.findAllByTestId("stale"))[0]).toHaveTextContent("The plan of Critical VMs cannot be told. This time zone is not known.");
    expect(screen.getAllByTestId("calendar-day")).toHaveLength(7);
  });
});
