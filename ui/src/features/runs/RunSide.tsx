import type { RunView } from "@/api/generated/RunView";
import { TextAction } from "@/components/Button";
import { Card, CardBody, CardHead, Facts, NoteCard } from "@/components/Card";
import { Sign, type GlyphName } from "@/components/Glyph";
import { toast } from "@/components/toasts";
import { Bytes, useNow } from "@/components/Words";
import { useLanguage, useText } from "@/i18n/context";
import { clockText, durationText, exactText } from "@/lib/time";
import { rateText } from "@/lib/units";
import { usePlatform } from "@/platform/context";
import { isOver, lengthOf } from "./run-words";
import css from "./Run.module.css";

/** "Safe to close" while it works; what it took afterwards. */
export function RunSums({ run }: { run: RunView }) {
  const t = useText();
  const language = useLanguage();
  const now = useNow();
  if (!isOver(run)) return <NoteCard label={t.runs.safeLabel}><p>{t.runs.safeText}</p></NoteCard>;
  const seconds = lengthOf(run, now);
  const { counters } = run;
  return (
    <Card testId="run-sums">
      <CardHead title={t.runs.sums} />
      <CardBody>
        <Facts rows={[
          { name: t.runs.sumLength, value: durationText(Math.round(seconds), language) },
          { name: run.kind === "backup" ? t.runs.sumRead : t.runs.sumReadPoint, value: <Bytes count={counters.read} /> },
          ...(run.kind === "backup" ? [{ name: t.runs.sumNew, value: <Bytes count={counters.new} /> }, { name: t.runs.sumStored, value: <Bytes count={counters.stored} /> }] : []),
          { name: t.runs.sumRate, value: seconds > 0 ? rateText(counters.read / seconds, language) : t.common.unknown },
        ]} />
      </CardBody>
    </Card>
  );
}

const signs: Record<RunView["log"][number]["level"], GlyphName> = { info: "off", good: "ok", warning: "warned", error: "failed" };

/** What happened, newest first. */
export function RunLog({ run }: { run: RunView }) {
  const t = useText();
  const language = useLanguage();
  const platform = usePlatform();
  const words = { info: t.runs.info, good: t.runs.good, warning: t.runs.warning, error: t.runs.error };
  const copy = () => {
    const text = run.log.map((line) => `${line.at}  ${line.level.padEnd(7)}  ${line.item ? `${line.item}: ` : ""}${line.text}`).join("\n");
    void platform.copyText(text).then(() => toast({ tone: "ok", text: t.common.copied }));
  };
  const lines = run.log.map((line, index) => ({ ...line, key: index })).reverse();
  return (
    <Card fill testId="run-log">
      <CardHead title={t.runs.log} end={lines.length > 0 ? <TextAction onPress={copy}>{t.common.copyText}</TextAction> : undefined} />
      <ol className={css.log} tabIndex={0} aria-label={t.runs.log}>
        {lines.length === 0 ? <li className={css.logEmpty}>{t.runs.logEmpty}</li> : null}
        {lines.map((line) => (
          <li key={line.key} className={css.logLine}>
            <time dateTime={line.at} title={exactText(new Date(line.at), language)}>{clockText(new Date(line.at), language)}</time>
            <span className={css[line.level]} title={words[line.level]}><Sign name={signs[line.level]} size={10} /><span className="unseen">{words[line.level]}</span></span>
            <span data-selectable>{line.item ? <b>{line.item} </b> : null}{line.text}</span>
          </li>
        ))}
      </ol>
    </Card>
  );
}
