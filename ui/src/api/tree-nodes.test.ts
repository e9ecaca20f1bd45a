import { describe, expect, it } from "vitest";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { ServerInventory } from "@/api/inventories";
import { hoursAgo, inventory, server, vm } from "@/platform/fake/data";
import { find, nodesOf, treeKeys, within, type TreeNode } from "./tree-nodes";
import type { Standing } from "./vm-state";

const vcenter = server("server-1", "vc", { kind: "vcenter" });
const point = { id: "p", taken_at: hoursAgo(1), repository_id: "r" };
const vms = [
  vm(0, { name: "saved", guest: "Linux", disks: [["Hard disk 1", 8], ["Hard disk 2", 8]], more: { last_point: point } }),
  vm(1, { name: "bare", guest: "Linux", disks: [["Hard disk 1", 8]], host: "esx2" }),
  vm(2, { name: "left", guest: "Linux", disks: [], more: { last_point: point, gone_since: hoursAgo(2), problem: "It is gone." } }),
];
const standing: Standing = (_, one) => (one.name === "saved" ? "protected" : one.name === "bare" ? "missed" : "gone");
const of = (view: InventoryView): ServerInventory[] => [{ server: vcenter, inventory: { data: view } as unknown as ServerInventory["inventory"] }];
const drawn = (nodes: readonly TreeNode[], level = 0): string[] => nodes.flatMap((node) => [`${" ".repeat(level)}${node.name}${node.count === null ? "" : ` ${String(node.count)}`} ${String(node.state)}`, ...drawn(node.children, level + 1)]);

describe("the tree of an inventory", () => {
  const view = inventory(vcenter, vms);

  it("shows every VM in each order, a container with the state of its worst member", () => {
    expect(drawn(nodesOf(of(view), "hosts", "", standing))).toEqual([
      "vc 3 missed", " esx1.shop.lan 1 protected", "  saved protected", " esx2 1 missed", "  bare missed", " left gone",
    ]);
    for (const order of treeKeys) {
      const [top] = nodesOf(of(view), order, "");
      expect(top?.count, order).toBe(3);
      for (const { reference } of vms) expect(find(top ? [top] : [], (node) => node.vm === reference), `${order} ${reference}`).not.toBeNull();
    }
  });

  it("says nothing of a state that nobody told", () => {
    const [top] = nodesOf(of(view), "hosts", "");
    expect(top?.state).toBe("unknown");
    expect(find(top ? [top] : [], (node) => node.name === "saved")?.state).toBe("unknown");
  });

  it("shows a VM in each of its datastores and counts it once", () => {
    const [top] = nodesOf(of(view), "storage", "");
    expect(top?.children.filter((node) => node.children.some((child) => child.name === "saved")).map((node) => node.name)).toEqual(["datastore1", "datastore2"]);
    expect(top?.count).toBe(3);
    const ids = drawn(top ? [top] : []).length;
    expect(ids).toBe(new Set(ids === 0 ? [] : collect(top ? [top] : [])).size);
  });

  it("leaves out containers without what is looked for", () => {
    expect(drawn(nodesOf(of(view), "hosts", "bare", standing))).toEqual(["vc 1 missed", " esx2 1 missed", "  bare missed"]);
  });

  it("knows what lies in a container", () => {
    expect(within(view, view.trees.hosts, "host:esx2").map((one) => one.name)).toEqual(["bare"]);
    expect(within(view, view.trees.hosts, null)).toHaveLength(3);
    expect(within(view, view.trees.hosts, "host:away")).toHaveLength(3);
  });
});

function collect(nodes: readonly TreeNode[]): string[] {
  return nodes.flatMap((node) => [node.id, ...collect(node.children)]);
}
