import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { fakeError } from "@/platform/fake/data";
import { open } from "../app";

const found = () => screen.queryAllByTestId("palette-item").map((one) => `${one.dataset["kind"]} ${one.dataset["name"]}`);

async function find(user: ReturnType<typeof open>["user"], text: string) {
  await user.keyboard("{Control>}k{/Control}");
  const input = await screen.findByTestId("palette-input");
  await waitFor(() => expect(input).toHaveFocus());
  await user.type(input, text);
}

describe("finding", () => {
  it("goes to a VM by the keyboard alone", async () => {
    const { user } = open("/", "week");
    await screen.findByTestId("home");
    await find(user, "sql");
    await waitFor(() => expect(found()).toContain("vms SQL01"));
    await waitFor(() => expect(found().some((one) => one.startsWith("points SQL01"))).toBe(true));
    await user.keyboard("{Enter}");
    expect(await screen.findByTestId("vm-details")).toHaveAttribute("data-name", "SQL01");
    expect(screen.queryByTestId("palette")).toBeNull();
  });

  it("finds jobs, runs, places, screens and what can be done", async () => {
    const { user } = open("/", "week");
    await screen.findByTestId("home");
    await find(user, "office");
    await waitFor(() => expect(found()).toEqual(expect.arrayContaining(["jobs Office VMs", "runs Office VMs", "places NAS-OFFICE"])));
    await user.clear(screen.getByTestId("palette-input"));
    await user.type(screen.getByTestId("palette-input"), "calen");
    await waitFor(() => expect(found()).toEqual(["screens Calendar"]));
    await user.clear(screen.getByTestId("palette-input"));
    await user.type(screen.getByTestId("palette-input"), "dark");
    await waitFor(() => expect(found()).toEqual(["actions Use dark colours"]));
    await user.keyboard("{Enter}");
    await waitFor(() => expect(document.documentElement.dataset["theme"]).toBe("dark"));
  });

  it("opens a recovery point where it can be restored", async () => {
    const { user } = open("/calendar", "week");
    await screen.findByTestId("calendar");
    await find(user, "dc01 nas");
    await waitFor(() => expect(found().some((one) => one.startsWith("points"))).toBe(true));
    const point = screen.getAllByTestId("palette-item").find((one) => one.dataset["kind"] === "points")!;
    await user.click(point);
    expect(await screen.findByTestId("point-details")).toBeVisible();
  });

  it("says when there is nothing, and what could not be read", async () => {
    const { user } = open("/", "week", { refused: { "points.find": fakeError("repository-vanished") } });
    await screen.findByTestId("home");
    await find(user, "zzzz");
    expect(await screen.findByText("Nothing called “zzzz” here.")).toBeVisible();
    expect(await screen.findByText("Could not be read: Recovery points.")).toBeVisible();
    await user.keyboard("{Escape}");
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByTestId("palette")).toBeNull());
  });

  it("leaves letters to who types, and a question to its dialog", async () => {
    const { user } = open("/calendar", "week");
    await screen.findByTestId("calendar-grid");
    await user.keyboard("/");
    expect(screen.getByTestId("calendar-find")).toHaveFocus();
    await user.keyboard("?/");
    expect(screen.queryByTestId("shortcuts")).toBeNull();
    expect(screen.getByTestId("calendar-find")).toHaveValue("?/");
    screen.getByTestId("nav-home").focus();
    await user.keyboard("?");
    expect(await screen.findByTestId("shortcuts")).toHaveTextContent("pick a planned run up, to move it");
    await user.keyboard("{Control>}2{/Control}");
    expect(screen.getByTestId("calendar-grid")).toBeInTheDocument();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByTestId("shortcuts")).toBeNull());
    await user.keyboard("{Control>}2{/Control}");
    expect(await screen.findByTestId("inventory")).toBeVisible();
  });

  it("tells in the rail how many things need somebody", async () => {
    open("/", "shop");
    expect(await screen.findByTestId("needs")).toHaveTextContent("1 thing needs you");
  });
});
