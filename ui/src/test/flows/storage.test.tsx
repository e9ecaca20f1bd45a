import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { fakeError } from "@/platform/fake/data";
import { open, press, sentTo } from "../app";

describe("storage", () => {
  it("tells of a place what it would take and takes, and whose it is", async () => {
    const { user } = open("/storage");
    const details = await screen.findByTestId("place-details");
    expect(details).toHaveAttribute("data-name", "NAS-OFFICE");
    await waitFor(() => expect(details).toHaveTextContent("Takes690.0 GiB"));
    await waitFor(() => expect(details).toHaveTextContent("of 9 VMs"));
    expect(within(details).getByRole("img", { name: /Kuramori takes 690.0 GiB, other files .* are free\./ })).toBeVisible();
    await user.click(within(screen.getByTestId("place-vms")).getByText("SQL01"));
    expect(await screen.findByTestId("points-page")).toBeVisible();
    expect(location.hash).toContain("vm=SQL01");
  });

  it("goes from place to place by the keyboard, and says why one cannot be used", async () => {
    const { back, user } = open("/storage", "troubled");
    expect(await screen.findByTestId("failure")).toHaveTextContent("are gone, and nobody deleted them");
    for (let presses = 0; presses < 20 && !screen.getByTestId("places").contains(document.activeElement); presses += 1) await user.tab();
    await user.keyboard("{ArrowDown} ");
    await waitFor(() => expect(screen.getByTestId("place-details")).toHaveAttribute("data-name", "USB-B"));
    expect(screen.getByTestId("failure")).toHaveTextContent("The folder of USB-B is not there.");
    // No numbers of a place that cannot be read.
    expect(screen.getByTestId("place-details")).not.toHaveTextContent("Would take");
    expect(sentTo(back, "repositories.accept")).toEqual([]);
  });

  it("names the next step without any place", async () => {
    const { user } = open("/storage", "empty");
    await user.click(within(await screen.findByTestId("empty")).getByText("Add a place"));
    expect(await screen.findByTestId("settings")).toBeVisible();
  });

  it("says why the list cannot be read, and asks again", async () => {
    const { back, user } = open("/storage", "shop", { refused: { "repositories.list": fakeError("state-damaged", { title: "The state folder cannot be used." }) } });
    expect(await screen.findByTestId("failure")).toHaveTextContent("The state folder cannot be used.");
    back.options.refused = {};
    await user.click(screen.getByText("Try again"));
    expect(await screen.findByTestId("place-details")).toBeVisible();
  });

  it("opens the place's settings", async () => {
    const { user } = open("/storage");
    await press(user, "place-settings");
    expect(await screen.findByTestId("settings-repositories")).toBeVisible();
  });
});
