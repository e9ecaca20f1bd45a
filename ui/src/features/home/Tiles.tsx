import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components";
import { useCommand } from "@/api/client";
import type { ProtectionList } from "@/api/generated/ProtectionList";
import { Sign } from "@/components/Glyph";
import { useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { durationText, relativeText } from "@/lib/time";
import { countText } from "@/lib/units";
import type { HomeWays } from "./HomePage";
import type { HomeFilter } from "./VmCard";
import css from "./Home.module.css";

interface TileProps {
  name: string;
  figure: string;
  of: string;
  under: string;
  tone?: "bad" | "plain";
  picture?: ReactNode;
  onPress: () => void;
  testId: string;
}

function Tile({ name, figure, of, under, tone = "plain", picture, onPress, testId }: TileProps) {
  return (
    <AriaButton className={css.tile ?? ""} onPress={onPress} data-testid={testId}>
      <span className={css.tileName}>{name}<ChevronRight size={14} strokeWidth={1.8} aria-hidden /></span>
      <span className={css.tileLine}><span className={css.figure}>{figure}</span><span className={css.of}>{of}</span><span className={css.picture}>{picture}</span></span>
      <span className={css.tileUnder} data-tone={tone}>{under}</span>
    </AriaButton>
  );
}

/** How much of all, as a ring. What is missing is red. */
function Ring({ part }: { part: number }) {
  const round = 2 * Math.PI * 13;
  return (
    <svg className={css.ring} width="32" height="32" viewBox="0 0 32 32" fill="none" strokeWidth="3.5" aria-hidden="true">
      <circle cx="16" cy="16" r="13" className={css.ringRest} />
      <circle cx="16" cy="16" r="13" className={css.ringWell} strokeDasharray={`${part * round} ${round}`} transform="rotate(-90 16 16)" />
    </svg>
  );
}

/** A share in hundredths of a per cent; never 100 before all of it was kept. */
function shareText(kept: number): string {
  return `${Math.min(kept === 10_000 ? 100 : 99, Math.round(kept / 100))} %`;
}

/** Four figures, each of which leads to what it counts. */
export function Tiles({ list, ways, narrow, onList }: { list: ProtectionList; ways: HomeWays; narrow: boolean; onList: (filter: HomeFilter) => void }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  const classes = useCommand("classes.get", {}).data;
  const alerts = useCommand("alerts.list", {}).data?.alerts;
  const { counts } = list;
  const need = counts.late + counts.missed + counts.failed;
  const all = counts.protected + need;
  const restored = list.vms.filter((vm) => vm.restore !== null);
  const rpo = (minutes: number) => durationText(minutes * 60, language);
  const promise = narrow ? t.home.promisesShort : t.home.promises;
  const [oldest] = alerts ?? [];
  return (
    <div className={css.tiles}>
      <Tile name={t.home.tileProtected} figure={countText(counts.protected, language)} of={t.home.ofAll(all)} under={need > 0 ? t.home.needYou(need) : t.home.allWell} tone={need > 0 ? "bad" : "plain"} picture={all > 0 ? <Ring part={counts.protected / all} /> : null} onPress={() => onList(need > 0 ? "risk" : "all")} testId="tile-protected" />
      <Tile name={t.home.tileKept} figure={list.kept === null ? "–" : shareText(list.kept)} of={list.kept === null ? t.home.notYet : t.home.ofDays} under={classes ? promise(rpo(classes.critical.rpo_minutes), rpo(classes.normal.rpo_minutes), rpo(classes.archive.rpo_minutes)) : ""} onPress={ways.onCalendar} testId="tile-kept" />
      <Tile name={t.home.tileRestored} figure={countText(restored.length, language)} of={t.home.restoredVms(all)} under={restored.length > 0 ? t.home.within(restored.filter((vm) => vm.restore?.within).length) : t.home.restoreNone} onPress={() => ways.onRestore(null)} testId="tile-restored" />
      <Tile name={t.home.tileAlarms} figure={alerts ? countText(alerts.length, language) : "–"} of={alerts ? t.home.alarmsOpen : t.home.notYet} under={oldest ? t.home.alarmOldest(relativeText(new Date(oldest.since), now, language)) : alerts ? t.home.alarmNone : ""} tone={alerts?.some((one) => one.weight === "red") ? "bad" : "plain"}
        picture={alerts?.slice(0, 6).map((one) => <span key={one.key} className={css.alarm} data-tone={one.weight === "red" ? "bad" : "warn"}><Sign name="warned" size={10} /></span>)} onPress={() => ways.onActivity(true)} testId="tile-alarms" />
    </div>
  );
}
