import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { fakeError } from "@/platform/fake/data";
import { open, press, sentTo } from "../app";

const rows = () => screen.getAllByTestId("home-vms-row").map((row) => row.dataset["row"]);

describe("home", () => {
  it("answers whether all is safe, and names the worst first", async () => {
    open("/", "busy");
    await waitFor(() => expect(screen.getByTestId("sentence")).toHaveTextContent("8 of 11 VMs are protected."));
    expect(screen.getByTestId("worst")).toHaveTextContent("OLDWEB – No recovery point, and no job saves it. 2 more VMs need you.");
    expect(rows().slice(0, 3)).toEqual(["OLDWEB", "TEST03", "FILE02"]);
    expect(screen.getByTestId("tile-protected")).toHaveTextContent("3 VMs need you");
    expect(await screen.findByText("The oldest began 2 d ago")).toBeVisible();
  });

  it("says that no job saves anything, and makes one of all VMs", async () => {
    const { user } = open("/");
    await press(user, "home-make-job");
    expect(await screen.findByTestId("job-wizard", {}, { timeout: 4000 })).toBeVisible();
    expect(location.hash).toContain("uncovered=true");
  });

  it("shows only those at risk, and opens a VM by the keyboard", async () => {
    const { user } = open("/", "busy");
    await press(user, "home-filter");
    await press(user, "home-filter-risk");
    await waitFor(() => expect(rows()).toEqual(["OLDWEB", "TEST03", "FILE02"]));
    await user.click(screen.getAllByTestId("home-vms-row")[2]!);
    expect(await screen.findByTestId("vm-details", {}, { timeout: 4000 })).toHaveAttribute("data-name", "FILE02");
  });

  it("leads from a figure to what it counts", async () => {
    const { back, user } = open("/", "busy");
    await press(user, "tile-protected");
    await waitFor(() => expect(rows()).toEqual(["OLDWEB", "TEST03", "FILE02"]));
    expect(location.hash).toContain("show=risk");
    await back.call("protection.set-class", { vm: "TEST03", change: { set: "exclude", reason: "test machine" } });
    await press(user, "home-excluded");
    await waitFor(() => expect(rows()).toEqual(["TEST03"]));
    expect(screen.getByTestId("home-vms-row")).toHaveTextContent("Excluded · test machine");
    await user.click(screen.getByTestId("home-vms-row"));
    expect(await screen.findByTestId("vm-details", {}, { timeout: 4000 })).toHaveAttribute("data-name", "TEST03");
  });

  it("says which plan cannot be told", async () => {
    open("/", "busy", { refused: { "schedules.preview": fakeError("invalid-input", { title: "This time zone is not known." }) } });
    expect((await screen.findAllByTestId("next-untimed"))[0]).toHaveTextContent(/^The plan of .* cannot be told\. This time zone is not known\.$/);
  });

  it("draws only the rows in sight of very many", async () => {
    open("/", "many");
    await screen.findByTestId("home-vms", {}, { timeout: 8000 });
    expect(rows().length).toBeLessThan(200);
  }, 15_000);

  it("runs the worst VM alone when a job saves it", async () => {
    const { back, user } = open("/", "busy");
    await screen.findByTestId("sentence");
    for (const vm of ["OLDWEB", "TEST03"]) await back.call("protection.set-class", { vm, change: { set: "exclude", reason: "test machine" } });
    await press(user, "home-run");
    await waitFor(() => expect(sentTo(back, "jobs.run")).toEqual([{ job_id: "Office VMs", scope: { vms: "chosen", names: ["FILE02"] } }]));
  });
});
