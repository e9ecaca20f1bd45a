import type { VmProtection } from "@/api/generated/VmProtection";
import { Card, CardHead } from "@/components/Card";
import { DayLegend, DayStrip } from "@/components/DayStrip";
import { useText } from "@/i18n/context";
import { StateGlyph } from "./VmCard";
import css from "./Home.module.css";

const shown = 30;

/** The day strips where the table has no room for them. */
export function DaysCard({ vms, busy }: { vms: readonly VmProtection[]; busy: ReadonlySet<string> }) {
  const t = useText();
  return (
    <Card label={t.home.colDays} testId="home-days">
      <CardHead title={t.home.colDays} end={<span className={css.legend}><DayLegend /></span>} />
      <ul className={css.days}>
        {vms.slice(0, shown).map((vm) => (
          <li key={vm.key} className={css.day}>
            <StateGlyph vm={vm} running={busy.has(vm.name)} />
            <span className={css.dayName} title={vm.name}>{vm.name}</span>
            <DayStrip days={vm.days} running={busy.has(vm.name)} />
          </li>
        ))}
      </ul>
      {vms.length > shown ? <p className={css.rest}>{t.home.daysRest(vms.length - shown)}</p> : null}
    </Card>
  );
}
