import type { ConditionView } from "@/api/generated/ConditionView";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { JobDraft } from "@/api/generated/JobDraft";
import type { JobView } from "@/api/generated/JobView";
import type { PickView } from "@/api/generated/PickView";
import type { SourceView } from "@/api/generated/SourceView";
import type { Messages } from "@/i18n/messages";
import { freeName, newDraft } from "./draft";

export const conditionKinds = ["name", "tag", "place", "datastore", "power", "system"] as const;
export type ConditionKind = (typeof conditionKinds)[number];

/** A condition of a kind to begin with; what has to be chosen is empty. */
export function emptyCondition(on: ConditionKind): ConditionView {
  switch (on) {
    case "name":
    case "datastore":
    case "system": return { on, pattern: "" };
    case "tag": return { on, category: null, tag: "" };
    case "place": return { on, id: "", name: "" };
    case "power": return { on, is: "on" };
  }
}

/** Whether a condition says something. */
export function isComplete(one: ConditionView): boolean {
  switch (one.on) {
    case "name":
    case "datastore":
    case "system": return one.pattern.trim() !== "";
    case "tag": return one.tag.trim() !== "";
    case "place": return one.id !== "";
    case "power": return one.is !== "unknown";
  }
}

function conditionWords(one: ConditionView, t: Messages): string {
  const words = t.jobWizard.condition;
  switch (one.on) {
    case "name": return words.name(one.pattern);
    case "datastore": return words.datastore(one.pattern);
    case "system": return words.system(one.pattern);
    case "place": return words.place(one.name);
    case "power": return words.power[one.is];
    case "tag": return words.tag(one.category === null ? one.tag : `${one.category}/${one.tag}`);
  }
}

/** What a choice says, in words. */
export function pickWords(pick: PickView, t: Messages): string {
  switch (pick.by) {
    case "vm": return pick.name;
    case "group": return t.jobWizard.condition.place(pick.name);
    case "all": return t.jobWizard.allOf;
    case "rule": return pick.conditions.map((one) => conditionWords(one, t)).join(t.jobWizard.conditionAnd);
  }
}

export interface Named {
  key: string;
  name: string;
  condition: ConditionView;
}

/** The tags of a server, with their category where it is known. */
export function tagsOf({ trees: { tags } }: InventoryView): Named[] {
  return tags.groups.flatMap((group) => {
    if (group.kind !== "tag") return [];
    const above = group.parent === null ? undefined : tags.groups[group.parent];
    const category = above?.kind === "category" ? above.name : null;
    return [{ key: group.id, name: category === null ? group.name : `${category}/${group.name}`, condition: { on: "tag", category, tag: group.name } }];
  });
}

/** The containers of a server: hosts, clusters, folders. */
export function placesOf({ trees: { hosts, folders } }: InventoryView): Named[] {
  const seen = new Set<string>();
  return [...hosts.groups, ...folders.groups].flatMap((group) => {
    if (group.id === "" || seen.has(group.id)) return [];
    seen.add(group.id);
    return [{ key: group.id, name: group.name, condition: { on: "place", id: group.id, name: group.name } }];
  });
}

/** A job of nothing but one choice: asks the back end which VMs fit it now. */
export function askedOf(source: SourceView, repository: string, jobs: readonly JobView[]): JobDraft {
  return { ...newDraft(jobs, repository), name: freeName("?", jobs), schedules: [], sources: [source] };
}
