import { describe, expect, it } from "vitest";
import { inventory, server, shopVms } from "@/platform/fake/data";
import { isAlways, membersOf, setAlways, setGroup, setVms, type Choice } from "./members";

const host = server("server-1", "vcenter.shop.lan", { kind: "vcenter" });
const shop = inventory(host, shopVms);
const nothing: Choice = { sources: [], leave_out: [] };
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
});
