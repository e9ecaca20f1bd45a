import { Boxes, Building2, Check, Cloud, Database, Folder, Monitor, Package, Server, Tag as TagIcon, Tags } from "lucide-react";
import { useMemo, useState } from "react";
import { Button, Collection, ListLayout, Tree, TreeItem, TreeItemContent, Virtualizer, type Key } from "react-aria-components";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { ServerInventory } from "@/api/inventories";
import { containers, find, nodesOf, type TreeKey, type TreeNode } from "@/api/tree-nodes";
import { useLanguage, useText } from "@/i18n/context";
import { bytesText } from "@/lib/units";
import { isAlways, savable, setAlways, setGroup, setVms, sizeOf, vmsIn, type Choice } from "@/api/members";
import css from "./SourceTree.module.css";

const icon = { size: 15, strokeWidth: 1.8, "aria-hidden": true } as const;
const icons: Record<TreeNode["kind"], React.ReactNode> = {
  esxi: <Server {...icon} />, vcenter: <Cloud {...icon} />, vm: <Monitor {...icon} />, server: <Server {...icon} />, datacenter: <Building2 {...icon} />, folder: <Folder {...icon} />,
  cluster: <Boxes {...icon} />, host: <Server {...icon} />, vapp: <Package {...icon} />, datastore: <Database {...icon} />, category: <Tags {...icon} />, tag: <TagIcon {...icon} />,
};

/** A node, or one of the two lines under a ticked container. */
interface Line extends Omit<TreeNode, "children"> {
  ticked: "all" | "some" | "none";
  always?: boolean;
  isOn?: boolean;
  end: string;
  disabled: boolean;
  children: Line[];
}

interface SourceTreeProps {
  inventories: readonly ServerInventory[];
  order: TreeKey;
  wanted: string;
  /** Which VMs are shown, by server and reference; all when left out. */
  shown: ((inventory: InventoryView, reference: string) => boolean) | null;
  choice: Choice;
  members: ReadonlySet<string>;
  /** Names of the other jobs that save a VM. */
  otherJobs: ReadonlyMap<string, string>;
  onChange: (choice: Choice) => void;
}

/** Servers, containers and VMs with a box each. Ticking a container takes those in it now; two lines below it let one take always what is in it. */
export function SourceTree({ inventories, order, wanted, shown, choice, members, otherJobs, onChange }: SourceTreeProps) {
  const t = useText();
  const language = useLanguage();
  const [closed, setClosed] = useState<ReadonlySet<Key>>(new Set());
  const read = new Map(inventories.flatMap(({ server, inventory }) => (inventory.data ? [[server.id, inventory.data] as const] : [])));
  const nodes = useMemo(() => nodesOf(inventories, order, wanted), [inventories, order, wanted]);
  const line = (node: TreeNode): Line | null => {
    const inventory = read.get(node.server);
    if (node.vm !== null) {
      const vm = inventory?.vms.find((one) => one.reference === node.vm);
      if (!inventory || !vm || vm.gone_since !== null || (shown && !shown(inventory, vm.reference))) return null;
      const others = otherJobs.get(`${node.server}/${vm.reference}`);
      const ticked = members.has(`${node.server}/${vm.reference}`) ? "all" as const : "none" as const;
      return { ...node, ticked, disabled: !savable(vm) && ticked === "none", end: vm.problem !== null ? vm.problem : others !== undefined ? t.jobWizard.inJob(others) : bytesText(sizeOf([vm]), language), children: [] };
    }
    const children = node.children.flatMap((child) => line(child) ?? []);
    if (children.length === 0 && (shown !== null || wanted !== "")) return null;
    const group = node.group ?? "";
    const inside = inventory ? vmsIn(inventory, group).filter((vm) => savable(vm) || members.has(`${node.server}/${vm.reference}`)) : [];
    const count = inside.filter((vm) => members.has(`${node.server}/${vm.reference}`)).length;
    const always = isAlways(choice, node.server, group);
    const ticked = always || (count > 0 && count === inside.length) ? "all" as const : count > 0 ? "some" as const : "none" as const;
    const base: Omit<Line, "id" | "children" | "name" | "end"> = { server: node.server, group, vm: null, kind: node.kind, count: null, state: null, ticked, disabled: false };
    const radios: Line[] = ticked === "all" ? [
      { ...base, id: `${node.id}#now`, name: t.jobWizard.theseNow(count), always: false, isOn: !always, end: t.jobWizard.theseNowText, children: [] },
      { ...base, id: `${node.id}#always`, name: t.jobWizard.always, always: true, isOn: always, end: "", children: [] },
    ] : [];
    return { ...node, group, ticked, disabled: inside.length === 0, end: String(node.count ?? ""), children: [...radios, ...children] };
  };
  const lines = nodes.flatMap((node) => line(node) ?? []);
  const all = containers(nodes);
  const toggle = (id: Key) => {
    const of = find(lines as unknown as TreeNode[], (one) => one.id === id) as unknown as Line | null;
    const inventory = of ? read.get(of.server) : undefined;
    if (!of || !inventory || of.disabled) return;
    if (of.always !== undefined) onChange(setAlways(choice, inventory, { id: of.group ?? "", name: nameOf(nodes, of) }, of.always));
    else if (of.vm !== null) onChange(setVms(choice, inventory, inventory.vms.filter((vm) => vm.reference === of.vm), of.ticked === "none"));
    else onChange(setGroup(choice, inventory, of.group ?? "", of.ticked !== "all"));
  };
  const selected = flat(lines).filter((one) => (one.always === undefined ? one.ticked === "all" : one.isOn)).map((one) => one.id);
  return (
    <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: 28 }}>
      <Tree aria-label={t.jobWizard.source} data-testid="source-tree" className={css.tree ?? ""} items={lines} dependencies={[choice, t]} selectionMode="multiple" selectionBehavior="toggle"
        selectedKeys={selected} onSelectionChange={(keys) => {
          if (keys === "all") return;
          const before = new Set<Key>(selected);
          const changed = [...[...keys].filter((key) => !before.has(key)), ...selected.filter((key) => !keys.has(key))];
          if (changed.length === 1 && changed[0] !== undefined) toggle(changed[0]);
        }}
        expandedKeys={all.filter((id) => !closed.has(id))} onExpandedChange={(keys) => setClosed(new Set(all.filter((id) => !keys.has(id))))}>
        {(one) => <Row line={one} />}
      </Tree>
    </Virtualizer>
  );
}

function nameOf(nodes: readonly TreeNode[], of: Line): string {
  return find(nodes, (node) => node.server === of.server && (node.group ?? "") === (of.group ?? "") && node.vm === null)?.name ?? "";
}

const flat = (lines: readonly Line[]): Line[] => lines.flatMap((one) => [one, ...flat(one.children)]);

function Row({ line }: { line: Line }) {
  const t = useText();
  const word = line.always !== undefined ? (line.isOn ? t.jobWizard.isChosen : t.jobWizard.notChosen) : line.ticked === "all" ? t.jobWizard.isChosen : line.ticked === "some" ? t.jobWizard.partly : t.jobWizard.notChosen;
  return (
    <TreeItem id={line.id} textValue={`${line.name}, ${word}`} className={css.item ?? ""} data-radio={line.always !== undefined || undefined} data-off={line.disabled || undefined} data-testid={line.always !== undefined ? "source-when" : line.vm !== null ? "source-vm" : "source-group"} data-name={line.name} data-ticked={line.ticked} data-on={line.isOn || undefined}>
      <TreeItemContent>
        {({ hasChildItems, isExpanded, level }) => (
          <span className={css.row} style={{ paddingInlineStart: 10 + (level - 1) * 16 }}>
            {hasChildItems ? (
              <Button slot="chevron" className={css.chevron ?? ""} data-open={isExpanded || undefined}>
                <svg width="12" height="12" viewBox="0 0 12 12" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"><path d="M4.5 2.5 8 6 4.5 9.5" /></svg>
              </Button>
            ) : <span className={css.noChevron} />}
            {line.always === undefined ? (
              <span className={css.box} data-ticked={line.ticked} aria-hidden>{line.ticked === "some" ? <span className={css.some} /> : line.ticked === "all" ? <Check size={11} strokeWidth={3.2} aria-hidden /> : null}</span>
            ) : <span className={css.dot} data-on={line.isOn || undefined} aria-hidden />}
            {line.always === undefined ? <span className={css.kind}>{icons[line.kind]}</span> : null}
            <span className={css.name} title={line.name}>{line.name}</span>
            <span className="unseen">{word}</span>
            <span className={css.end} title={line.end}>{line.end}</span>
          </span>
        )}
      </TreeItemContent>
      <Collection items={line.children}>{(child) => <Row line={child} />}</Collection>
    </TreeItem>
  );
}
