import { Copy, Ellipsis, Pause, Play, SlidersHorizontal, SquareTerminal, X } from "lucide-react";
import type { JobView } from "@/api/generated/JobView";
import { Menu, type MenuAction } from "@/components/Menu";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { clockText } from "@/lib/time";

export interface JobActions {
  onRun: (job: JobView) => void;
  onPause: (job: JobView, until: string | null) => void;
  onResume: (job: JobView) => void;
  onEdit: (job: JobView) => void;
  onDuplicate: (job: JobView) => void;
  onCommand: (job: JobView) => void;
  onDelete: (job: JobView) => void;
}

const icon = { size: 15, strokeWidth: 1.8, "aria-hidden": true } as const;

/** Six in the morning of a day some days from now. */
function morning(now: Date, days: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 6);
}

/** What can be done with a job, at its row. */
export function JobMenu({ job, actions }: { job: JobView; actions: JobActions }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const monday = morning(now, ((8 - now.getDay()) % 7) || 7);
  const tomorrow = morning(now, 1);
  const until = (key: string, name: string, time: Date | null): MenuAction => ({ key, name, onAction: () => actions.onPause(job, time?.toISOString() ?? null) });
  const pause: MenuAction = job.paused
    ? { key: "resume", name: t.jobs.resume, icon: <Play {...icon} fill="currentColor" />, onAction: () => actions.onResume(job) }
    : {
        key: "pause", name: t.jobs.pause, icon: <Pause {...icon} />,
        more: [until("until-tomorrow", t.jobs.pauseTomorrow(clockText(tomorrow, language)), tomorrow), until("until-monday", t.jobs.pauseMonday(clockText(monday, language)), monday), until("until-week", t.jobs.pauseWeek, new Date(now.getTime() + 7 * 86_400_000)), until("until-open", t.jobs.pauseOpen, null)],
      };
  return (
    <Menu label={t.jobs.menu(job.draft.name)} testId="job-menu" groups={[
      [
        { key: "run", name: t.jobs.run, icon: <Play {...icon} fill="currentColor" />, keys: "Ctrl R", onAction: () => actions.onRun(job) },
        pause,
        { key: "edit", name: t.jobs.edit, icon: <SlidersHorizontal {...icon} />, keys: "Enter", onAction: () => actions.onEdit(job) },
        { key: "duplicate", name: t.jobs.duplicate, icon: <Copy {...icon} />, keys: "Ctrl D", onAction: () => actions.onDuplicate(job) },
        { key: "command", name: t.jobs.command, icon: <SquareTerminal {...icon} />, keys: "Ctrl Shift C", onAction: () => actions.onCommand(job) },
      ],
      [{ key: "delete", name: t.jobs.remove, icon: <X {...icon} />, danger: true, onAction: () => actions.onDelete(job) }],
    ]}>
      <Ellipsis size={16} strokeWidth={1.8} aria-hidden />
    </Menu>
  );
}
