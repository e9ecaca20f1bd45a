import { percent } from "@/lib/units";
import { Sign } from "./Glyph";
import css from "./Progress.module.css";

interface BarProps {
  /** What is being measured, for screen readers. */
  label: string;
  done: number;
  total: number;
  size?: "row" | "main";
  tone?: "accent" | "ok" | "warn" | "mute";
}

/** A bar that moves only with real progress. "x of y" stands beside it. */
export function Bar({ label, done, total, size = "main", tone = "accent" }: BarProps) {
  const part = percent(done, total);
  return (
    <div className={css.bar} data-size={size} data-tone={tone} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={part}>
      <span className={css.fill} style={{ width: `${part}%` }} />
    </div>
  );
}

export interface RunPart {
  key: string;
  name: string;
  done: number;
  total: number;
  state: "waiting" | "now" | "done" | "failed";
}

/** The bar of a run, split by VM in proportion to the bytes each has to move. */
export function RunBar({ label, parts, done, total }: { label: string; parts: readonly RunPart[]; done: number; total: number }) {
  return (
    <div className={css.run} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent(done, total)}>
      {parts.map((part) => (
        <span key={part.key} className={css.part} data-state={part.state} title={part.name} style={{ flexGrow: Math.max(part.total, total / 100, 1) }}>
          <span className={css.fill} style={{ width: `${part.state === "done" || part.state === "failed" ? 100 : part.total > 0 ? percent(part.done, part.total) : 0}%` }} />
        </span>
      ))}
    </div>
  );
}

export interface Phase {
  key: string;
  name: string;
  state: "done" | "now" | "later" | "failed";
}

/** The phases of one VM as arrows. Their names never change. */
export function Phases({ label, phases }: { label: string; phases: readonly Phase[] }) {
  return (
    <ol className={css.phases} aria-label={label}>
      {phases.map((phase) => (
        <li key={phase.key} className={css.phase} data-state={phase.state} aria-current={phase.state === "now" ? "step" : undefined}>
          {phase.state === "later" ? null : <Sign name={phase.state === "done" ? "ok" : phase.state === "now" ? "running" : "failed"} size={9} />}
          {phase.name}
        </li>
      ))}
    </ol>
  );
}

/** Used, needed and left of a place in one bar. */
export function RoomBar({ label, used, need, total }: { label: string; used: number; need: number; total: number }) {
  const whole = Math.max(total, 1);
  const tight = used + need > whole * 0.9;
  return (
    <div className={css.room} role="img" aria-label={label}>
      <span className={css.used} style={{ width: `${Math.min(100, (used / whole) * 100)}%` }} />
      <span className={css.need} data-tight={tight || undefined} style={{ width: `${Math.min(100 - Math.min(100, (used / whole) * 100), (need / whole) * 100)}%` }} />
    </div>
  );
}
