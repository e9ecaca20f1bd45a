import { Cloud, Monitor, Server } from "lucide-react";
import { useMemo, useState } from "react";
import { Button, Collection, ListLayout, Tree, TreeItem, TreeItemContent, Virtualizer, type Key } from "react-aria-components";
import type { ServerInventory } from "@/api/inventories";
import { Glyph, Sign } from "@/components/Glyph";
import { SearchField } from "@/components/SearchField";
import { useText } from "@/i18n/context";
import { vmGlyph, vmState } from "./vm-state";
import css from "./InventoryTree.module.css";

export interface Selected {
  server: string;
  vm: string | null;
}

interface Node {
  id: string;
  name: string;
  kind: "esxi" | "vcenter" | "vm";
  count: number | null;
  mark: React.ReactNode;
  children: Node[];
}

const icon = { size: 15, strokeWidth: 1.8, "aria-hidden": true } as const;
const icons = { esxi: <Server {...icon} />, vcenter: <Cloud {...icon} />, vm: <Monitor {...icon} /> };
const vmKey = (server: string, vm: string) => `${server}/${vm}`;

/** Servers and their VMs. A leaf shows a bare tick when well and a tile otherwise. */
function nodesOf(inventories: readonly ServerInventory[], wanted: string, words: { protected: string; notProtected: string; cannot: string; broken: string }): Node[] {
  return inventories.map(({ server, inventory }) => {
    const vms = (inventory.data?.vms ?? []).filter((vm) => vm.name.toLowerCase().includes(wanted));
    const broken = server.error ?? inventory.error?.view ?? null;
    return {
      id: server.id, name: server.name, kind: server.kind, count: inventory.data ? vms.length : null,
      mark: broken ? <Glyph name="warned" label={broken.title || words.broken} /> : null,
      children: vms.map((vm) => {
        const state = vmState(vm);
        return { id: vmKey(server.id, vm.reference), name: vm.name, kind: "vm" as const, count: null, children: [], mark: state === "protected" ? <span className={css.well} title={words.protected}><Sign name="ok" /><span className="unseen">{words.protected}</span></span> : <Glyph name={vmGlyph(vm)} label={words[state]} /> };
      }),
    };
  });
}

interface InventoryTreeProps {
  inventories: readonly ServerInventory[];
  selected: Selected | null;
  onSelect: (selected: Selected) => void;
}

export function InventoryTree({ inventories, selected, onSelect }: InventoryTreeProps) {
  const t = useText();
  const [search, setSearch] = useState("");
  const [closed, setClosed] = useState<ReadonlySet<Key>>(new Set());
  const wanted = search.trim().toLowerCase();
  const nodes = useMemo(
    () => nodesOf(inventories, wanted, { protected: t.inventory.protected, notProtected: t.inventory.notProtected, cannot: t.inventory.cannot, broken: t.settings.broken }),
    [inventories, wanted, t],
  );
  const chosen = selected ? (selected.vm === null ? selected.server : vmKey(selected.server, selected.vm)) : null;
  const select = (key: Key) => {
    const node = nodes.find((one) => one.id === key);
    if (node) return onSelect({ server: node.id, vm: null });
    const owner = nodes.find((one) => one.children.some((child) => child.id === key));
    if (owner) onSelect({ server: owner.id, vm: String(key).slice(owner.id.length + 1) });
  };
  return (
    <div className={css.panel}>
      <SearchField label={t.inventory.filter} value={search} onChange={setSearch} testId="inventory-search" />
      <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: 32 }}>
        <Tree aria-label={t.inventory.tree} data-testid="inventory-tree" className={css.tree ?? ""} items={nodes} selectionMode="single" selectionBehavior="replace" disallowEmptySelection
          selectedKeys={chosen ? [chosen] : []} onSelectionChange={(keys) => { if (keys !== "all") for (const key of keys) select(key); }}
          expandedKeys={nodes.map((node) => node.id).filter((id) => !closed.has(id))}
          onExpandedChange={(keys) => setClosed(new Set(nodes.map((node) => node.id).filter((id) => !keys.has(id))))}>
          {(node) => <Leaf node={node} />}
        </Tree>
      </Virtualizer>
    </div>
  );
}

function Leaf({ node }: { node: Node }) {
  return (
    <TreeItem id={node.id} textValue={node.name} className={css.item ?? ""} data-testid={node.kind === "vm" ? "tree-vm" : "tree-server"} data-name={node.name}>
      <TreeItemContent>
        {({ hasChildItems, isExpanded, level }) => (
          <span className={css.row} style={{ paddingInlineStart: 4 + (level - 1) * 20 }}>
            {hasChildItems ? (
              <Button slot="chevron" className={css.chevron ?? ""} data-open={isExpanded || undefined}>
                <svg width="12" height="12" viewBox="0 0 12 12" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"><path d="M4.5 2.5 8 6 4.5 9.5" /></svg>
              </Button>
            ) : <span className={css.noChevron} />}
            <span className={css.kind}>{icons[node.kind]}</span>
            <span className={css.name}>{node.name}</span>
            {node.count === null ? null : <span className={css.count}>{node.count}</span>}
            <span className={css.mark}>{node.mark}</span>
          </span>
        )}
      </TreeItemContent>
      <Collection items={node.children}>{(child) => <Leaf node={child} />}</Collection>
    </TreeItem>
  );
}
