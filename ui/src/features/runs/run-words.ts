import type { ItemView } from "@/api/generated/ItemView";
import type { PhaseView } from "@/api/generated/PhaseView";
import type { RunKind } from "@/api/generated/RunKind";
import type { RunSummary } from "@/api/generated/RunSummary";
import type { GlyphName, Tone } from "@/components/Glyph";
import type { Phase, RunPart } from "@/components/Progress";
import type { Messages } from "@/i18n/messages";
import type { Language } from "@/lib/language";
import { aboutText, durationText } from "@/lib/time";

type Words = Messages["runs"];

export interface StateWords {
  glyph: GlyphName;
  tone: Tone;
  word: string;
}

/** Sign, tone and word of how a run stands. */
export function runState(run: RunSummary, t: Words): StateWords {
  if (run.state === "queued") return { glyph: "next", tone: "off", word: t.queued };
  if (run.state === "running") return { glyph: "running", tone: "info", word: t.running };
  if (run.state === "stopping") return { glyph: "stopped", tone: "warn", word: t.stopping };
  if (run.state === "interrupted") return { glyph: "failed", tone: "bad", word: t.interrupted };
  if (run.state === "paused") return { glyph: "next", tone: "warn", word: t.paused };
  const done = { backup: t.saved, "restore-vm": t.restored, "restore-in-place": t.restored, "restore-disk": t.written }[run.kind];
  switch (run.outcome) {
    case "failed": return { glyph: "failed", tone: "bad", word: t.failed };
    case "cancelled": return { glyph: "stopped", tone: "off", word: t.cancelled };
    case "succeeded-with-warnings": return { glyph: "warned", tone: "warn", word: t.warned };
    default: return { glyph: "ok", tone: "ok", word: done };
  }
}

export function kindName(kind: RunKind, t: Words): string {
  return { backup: t.kindBackup, "restore-vm": t.kindRestoreVm, "restore-in-place": t.kindRestoreInPlace, "restore-disk": t.kindRestoreDisk }[kind];
}

/** The names of a run's VMs in one line. */
export function namesOf(run: RunSummary, t: Words): string {
  return t.more(run.vms[0] ?? "", Math.max(0, run.vms.length - 1));
}

export function isOver(run: RunSummary): boolean {
  return run.state === "done" || run.state === "interrupted" || run.state === "paused";
}

/** How long a run took or has been going on, in seconds. */
export function lengthOf(run: { started_at: string | null; ended_at: string | null }, now: Date): number {
  if (run.started_at === null) return 0;
  return Math.max(0, ((run.ended_at ? new Date(run.ended_at) : now).getTime() - new Date(run.started_at).getTime()) / 1000);
}

interface Facts {
  run: RunSummary;
  items: readonly ItemView[];
  result: string | null;
  secondsLeft: number | null;
  now: Date;
}

/** The one sentence of a run: while it works what is left, afterwards what came of it. */
export function runSentence({ run, items, result, secondsLeft, now }: Facts, t: Words, language: Language): string {
  const first = run.vms[0] ?? "";
  const length = durationText(Math.round(lengthOf(run, now)), language);
  if (run.state === "queued") return t.queuedSentence;
  if (run.state === "stopping") return t.stoppingSentence;
  if (run.state === "interrupted") return t.interruptedSentence;
  if (run.state === "paused") return t.pausedSentence;
  if (run.state === "running") {
    const begun = { backup: t.backupSentence(run.vms.length, run.repository), "restore-vm": t.restoreSentence(first), "restore-in-place": t.overSentence(first), "restore-disk": t.diskSentence(first) }[run.kind];
    return secondsLeft === null ? begun : `${begun}${t.left(aboutText(secondsLeft, language))}`;
  }
  if (run.outcome === "cancelled") return t.cancelledSentence;
  if (run.outcome === "failed") {
    const failed = items.filter((item) => item.outcome === "failed").length || run.vms.length;
    return { backup: t.failedBackup(failed, run.vms.length), "restore-vm": t.failedRestore(first), "restore-in-place": t.failedRestore(first), "restore-disk": t.failedDisk }[run.kind];
  }
  return { backup: t.doneBackup(run.vms.length, run.repository, length), "restore-vm": t.doneRestore(result ?? first, length), "restore-in-place": t.doneRestore(result ?? first, length), "restore-disk": t.doneDisk(length) }[run.kind];
}

const order: Record<RunKind, readonly PhaseView[]> = {
  backup: ["check", "snapshot", "read", "store", "remove"],
  "restore-vm": ["check", "read", "store"],
  "restore-in-place": ["check", "snapshot", "read", "store", "remove"],
  "restore-disk": ["check", "read"],
};

/** The phases of one VM as arrows. */
export function phasesOf(kind: RunKind, item: ItemView, t: Words): Phase[] {
  const restore = kind !== "backup";
  const names: Record<PhaseView, string> = { waiting: "", check: t.phaseCheck, snapshot: t.phaseSnapshot, read: restore ? t.phaseWrite : t.phaseRead, store: restore ? t.phaseFinish : t.phaseStore, remove: t.phaseRemove, done: "" };
  const list = order[kind];
  const well = item.outcome === "succeeded" || item.outcome === "succeeded-with-warnings";
  const at = well ? list.length : list.indexOf(item.phase);
  return list.map((phase, index) => {
    const here: Phase["state"] = item.outcome === null ? "now" : item.outcome === "failed" ? "failed" : "later";
    return { key: phase, name: names[phase], state: index < at ? "done" : index === at ? here : "later" };
  });
}

/** The parts of the run's bar. Until it is known how much there is to read, a VM counts with the size of its disks. */
export function partsOf(items: readonly ItemView[]): RunPart[] {
  return items.map((item, index) => {
    const over = item.outcome === "succeeded" || item.outcome === "succeeded-with-warnings";
    const state: RunPart["state"] = over ? "done" : item.outcome === "failed" ? "failed" : item.phase === "waiting" ? "waiting" : "now";
    return { key: `${index}-${item.name}`, name: item.name, done: item.counters.done, total: item.counters.total || item.capacity, state };
  });
}

/** Sign of one VM in a run. */
export function itemGlyph(item: ItemView): GlyphName {
  switch (item.outcome) {
    case "succeeded": return "ok";
    case "succeeded-with-warnings": return "warned";
    case "failed": return "failed";
    case "cancelled": return "stopped";
    default: return item.phase === "waiting" ? "next" : "running";
  }
}
