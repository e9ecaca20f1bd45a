import { Boxes, Building2, Cloud, Database, Folder, Monitor, Package, Server, Tag, Tags } from "lucide-react";
import { useMemo, useState } from "react";
import { Button, Collection, ListLayout, Tree, TreeItem, TreeItemContent, Virtualizer, type Key } from "react-aria-components";
import type { ServerInventory } from "@/api/inventories";
import { Segmented } from "@/components/Choice";
import { Glyph, Sign } from "@/components/Glyph";
import { SearchField } from "@/components/SearchField";
import { useLanguage, useText } from "@/i18n/context";
import { countText } from "@/lib/units";
import { containers, find, nodesOf, treeKeys, type TreeKey, type TreeNode } from "@/api/tree-nodes";
import { useStanding } from "@/api/vm-state";
import { StandingGlyph } from "./StandingGlyph";
import css from "./InventoryTree.module.css";

export interface Selected {
  server: string;
  /** A container of the server, where one is chosen. */
  group: string | null;
  vm: string | null;
}

const icon = { size: 15, strokeWidth: 1.8, "aria-hidden": true } as const;
const icons: Record<TreeNode["kind"], React.ReactNode> = {
  esxi: <Server {...icon} />, vcenter: <Cloud {...icon} />, vm: <Monitor {...icon} />, server: <Server {...icon} />, datacenter: <Building2 {...icon} />, folder: <Folder {...icon} />,
  cluster: <Boxes {...icon} />, host: <Server {...icon} />, vapp: <Package {...icon} />, datastore: <Database {...icon} />, category: <Tags {...icon} />, tag: <Tag {...icon} />,
};

interface InventoryTreeProps {
  inventories: readonly ServerInventory[];
  selected: Selected | null;
  onSelect: (selected: Selected) => void;
  order: TreeKey;
  onOrder: (order: TreeKey) => void;
}

/** Servers, what their VMs lie in, and the VMs, in one of four orders. */
export function InventoryTree({ inventories, selected, onSelect, order, onOrder }: InventoryTreeProps) {
  const t = useText();
  const [search, setSearch] = useState("");
  const [closed, setClosed] = useState<ReadonlySet<Key>>(new Set());
  const [picked, setPicked] = useState<string | null>(null);
  const wanted = search.trim().toLowerCase();
  const { standing, why, isOld } = useStanding();
  const nodes = useMemo(() => nodesOf(inventories, order, wanted, standing), [inventories, order, wanted, standing]);
  const all = useMemo(() => containers(nodes), [nodes]);
  const is = (node: TreeNode) => node.server === selected?.server && node.vm === selected.vm && node.group === selected.group;
  // A VM may be there several times; the one that was clicked stays the chosen one.
  const chosen = find(nodes, (node) => node.id === picked && is(node)) ?? find(nodes, is);
  const select = (key: Key) => {
    const node = find(nodes, (one) => one.id === key);
    setPicked(String(key));
    if (node) onSelect({ server: node.server, group: node.group, vm: node.vm });
  };
  const notes = inventories.flatMap(({ inventory }) => inventory.data?.trees[order].note ?? []);
  return (
    <div className={css.panel}>
      <div className={css.order}><Segmented label={t.inventory.order} options={treeKeys.map((key) => ({ key, label: t.inventory.orders[key] }))} value={order} onChange={onOrder} testId="inventory-order" /></div>
      <SearchField label={t.inventory.filter} value={search} onChange={setSearch} testId="inventory-search" />
      <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: 32 }}>
        <Tree aria-label={t.inventory.tree} data-testid="inventory-tree" className={css.tree ?? ""} items={nodes} selectionMode="single" selectionBehavior="replace" disallowEmptySelection
          selectedKeys={chosen ? [chosen.id] : []} onSelectionChange={(keys) => { if (keys !== "all") for (const key of keys) select(key); }}
          expandedKeys={all.filter((id) => !closed.has(id))} onExpandedChange={(keys) => setClosed(new Set(all.filter((id) => !keys.has(id))))}>
          {(node) => <Leaf node={node} broken={inventories} />}
        </Tree>
      </Virtualizer>
      {why === null ? null : <p className={css.warned} data-testid="tree-unknown"><Sign name="warned" size={10} /><span>{isOld ? t.inventory.protectionOld(why) : t.inventory.protectionUnread(why)}</span></p>}
      {[...new Set(notes)].map((note) => <p key={note} className={css.note} data-testid="tree-note">{note}</p>)}
      <p className={css.note}>{t.inventory.worst}</p>
    </div>
  );
}

function Leaf({ node, broken }: { node: TreeNode; broken: readonly ServerInventory[] }) {
  const language = useLanguage();
  return (
    <TreeItem id={node.id} textValue={node.name} className={css.item ?? ""} data-testid={node.vm !== null ? "tree-vm" : node.group !== null ? "tree-group" : "tree-server"} data-name={node.name} data-state={node.state ?? undefined} data-gone={node.gone || undefined}>
      <TreeItemContent>
        {({ hasChildItems, isExpanded, level }) => (
          <span className={css.row} style={{ paddingInlineStart: 4 + (level - 1) * 14 }}>
            {hasChildItems ? (
              <Button slot="chevron" className={css.chevron ?? ""} data-open={isExpanded || undefined}>
                <svg width="12" height="12" viewBox="0 0 12 12" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"><path d="M4.5 2.5 8 6 4.5 9.5" /></svg>
              </Button>
            ) : <span className={css.noChevron} />}
            <span className={css.kind}>{icons[node.kind]}</span>
            <span className={css.name} title={node.name}>{node.name}</span>
            {node.count === null ? null : <span className={css.count}>{countText(node.count, language)}</span>}
            <span className={css.mark}><Mark node={node} of={broken.find((one) => one.server.id === node.server)} /></span>
          </span>
        )}
      </TreeItemContent>
      <Collection items={node.children}>{(child) => <Leaf node={child} broken={broken} />}</Collection>
    </TreeItem>
  );
}

/** A bare tick when well and a tile otherwise. */
function Mark({ node, of }: { node: TreeNode; of: ServerInventory | undefined }) {
  const t = useText();
  const error = of?.server.error ?? of?.inventory.error?.view ?? null;
  if (error && node.group === null && node.vm === null) return <Glyph name="warned" label={error.title || t.settings.broken} />;
  if (node.state === null) return null;
  const word = t.inventory.standing[node.state];
  if (node.state === "protected") return <span className={css.well} title={word}><Sign name="ok" /><span className="unseen">{word}</span></span>;
  return <StandingGlyph state={node.state} />;
}
