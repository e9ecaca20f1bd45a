import { describe, expect, it } from "vitest";
import type { ConditionView } from "@/api/generated/ConditionView";
import { inventory, server, shopVms } from "@/platform/fake/data";
import { disksOf, isAlways, isDiskOut, membersOf, noChoice as nothing, savedSize, setAlways, setDisk, setGroup, setVms, type Choice } from "./members";
import { fits } from "./picks";

const host = server("server-1", "vcenter.shop.lan", { kind: "vcenter" });
const shop = inventory(host, shopVms);
const names = (choice: Choice) => membersOf([shop], choice).map((member) => member.vm.name);
const vms = (...wanted: string[]) => shop.vms.filter((vm) => wanted.includes(vm.name));
const host2 = { id: "host:esx2.shop.lan", name: "esx2.shop.lan" };

describe("what a job saves", () => {
  it("is what was ticked, without what cannot be saved", () => {
    expect(names(setVms(nothing, shop, vms("APP01", "TEST03"), true))).toEqual(["APP01"]);
  });
  it("of a container are those in it now, or always what is in it", () => {
    const now = setGroup(nothing, shop, host2.id, true);
    expect(names(now)).toEqual(["ARCHIVE01", "DEV01", "FILE02"]);
    expect(now.sources.every((source) => source.pick.by === "vm")).toBe(true);
    const always = setAlways(now, shop, host2, true);
    expect(always.sources).toEqual([{ server_id: "server-1", pick: { by: "group", ...host2 } }]);
    expect(isAlways(always, "server-1", host2.id)).toBe(true);
    expect(names(always)).toEqual(names(now));
    expect(names(setAlways(always, shop, host2, false))).toEqual(names(now));
  });
  it("leaves out by name what a container would bring in, and takes it back", () => {
    const always = setAlways(setGroup(nothing, shop, host2.id, true), shop, host2, true);
    const less = setVms(always, shop, vms("DEV01"), false);
    expect(less.leave_out).toEqual(["DEV01"]);
    expect(names(less)).toEqual(["ARCHIVE01", "FILE02"]);
    expect(setVms(less, shop, vms("DEV01"), true)).toEqual(always);
    // As it is now: what was left out stays out.
    expect(names(setAlways(less, shop, host2, false))).toEqual(["ARCHIVE01", "FILE02"]);
  });
  it("of a whole server is all of it", () => {
    const all = setAlways(nothing, shop, { id: "", name: host.name }, true);
    expect(all.sources).toEqual([{ server_id: "server-1", pick: { by: "all" } }]);
    expect(names(all)).toHaveLength(10);
    expect(names(setGroup(all, shop, "", false))).toEqual([]);
  });
  it("of a rule are those that fit all its conditions, and can be saved", () => {
    const rule = (...conditions: ConditionView[]): Choice => ({ ...nothing, sources: [{ server_id: "server-1", pick: { by: "rule", conditions } }] });
    expect(names(rule({ on: "name", pattern: "*01" }, { on: "place", ...host2 }))).toEqual(["ARCHIVE01", "DEV01"]);
    expect(names(rule({ on: "power", is: "off" }))).toEqual(shop.vms.filter((vm) => vm.power === "off" && vm.problem === null).map((vm) => vm.name).sort());
    expect(names(rule({ on: "tag", category: null, tag: "gold" })).length).toBeGreaterThan(0);
    expect(names(rule({ on: "tag", category: "Level", tag: "gold" }))).toEqual([]);
    expect(names(rule({ on: "datastore", pattern: "DATASTORE?" }))).toHaveLength(10);
    expect(names(rule({ on: "system", pattern: "*windows*" }))).toEqual(shop.vms.filter((vm) => vm.guest?.includes("Windows") && vm.problem === null).map((vm) => vm.name).sort());
    expect(names(rule())).toEqual([]);
  });
  it("goes without what a rule leaves out, but for what is chosen by itself", () => {
    const all = { ...nothing, sources: [{ server_id: "server-1", pick: { by: "group" as const, ...host2 } }], without: [{ server_id: "server-1", pick: { by: "rule" as const, conditions: [{ on: "name" as const, pattern: "dev*" }] } }] };
    expect(names(all)).toEqual(["ARCHIVE01", "FILE02"]);
    expect(names(setVms(all, shop, vms("DEV01"), true))).toEqual(["ARCHIVE01", "DEV01", "FILE02"]);
  });
  it("leaves a VM out by name that a rule brings in", () => {
    const all: Choice = { ...nothing, sources: [{ server_id: "server-1", pick: { by: "rule", conditions: [{ on: "name", pattern: "*01" }] } }] };
    expect(setVms(all, shop, vms("DEV01"), false).leave_out).toEqual(["DEV01"]);
  });
  it("leaves single disks out by what tells them apart, and forgets them with their VM", () => {
    const [vm] = shop.vms.filter((one) => one.disks.filter((disk) => disk.left_out === null).length > 1);
    const choice = setVms(nothing, shop, [vm!], true);
    const less = setDisk(choice, "server-1", vm!, vm!.disks[0]!, false);
    expect(isDiskOut(less, "server-1", vm!, vm!.disks[0]!)).toBe(true);
    expect(isDiskOut(less, "server-1", vm!, vm!.disks[1]!)).toBe(false);
    expect(isDiskOut(less, "server-2", vm!, vm!.disks[0]!)).toBe(false);
    const members = membersOf([shop], less);
    expect(disksOf(members, less).saved).toBe(disksOf(members, choice).saved - 1);
    expect(savedSize(members, less)).toBeLessThanOrEqual(vm!.capacity - vm!.disks[0]!.capacity);
    expect(setDisk(less, "server-1", vm!, vm!.disks[0]!, true)).toEqual(choice);
    expect(setVms(less, shop, [vm!], false)).toEqual(nothing);
  });
});

describe("a pattern", () => {
  it.each([["web-*", "web-01", true], ["WEB-??", "web-01", true], ["web-?", "web-01", false], ["*sql*", "prod-SQL-2", true], ["*", "", true], ["", "a", false], ["a*b*c", "axxbyyc", true], ["a*b*c", "axxbyy", false], ["サーバー*", "サーバー１", true], ["*-a", "x-a-a", true], ["a?", "a", false]])("%s for %s: %s", (pattern, text, wanted) => {
    expect(fits(pattern, text)).toBe(wanted);
  });
});
