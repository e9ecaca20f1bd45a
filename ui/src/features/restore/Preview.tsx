import type { ReactNode } from "react";
import { Card } from "@/components/Card";
import { Sign, type GlyphName } from "@/components/Glyph";
import { Sentence } from "@/components/Page";
import { useText } from "@/i18n/context";
import css from "./Restore.module.css";

/** A name and what is said of it. */
export type Row = readonly [string, string];

interface PreviewProps {
  sentence: string;
  under: string;
  boxes: ReactNode[];
  will: readonly Row[];
  wont: readonly Row[];
  problems: ReactNode[];
}

/** A sentence with size, source and what is not changed; then the way of the bytes. */
export function Preview({ sentence, under, boxes, will, wont, problems }: PreviewProps) {
  const t = useText();
  return (
    <div className={css.stack}>
      <Card>
        <div className={css.way}>
          <Sentence under={under} testId="preview-sentence">{sentence}</Sentence>
          <div className={css.boxes}>{boxes.flatMap((box, index) => (index === 0 ? [box] : [<Arrow key={`arrow-${index}`} />, box]))}</div>
        </div>
      </Card>
      {problems.length > 0 ? <h3 className={css.strong}>{t.restore.blocked}</h3> : null}
      {problems}
      <div className={css.halves}>
        <List title={t.restore.willHappen} rows={will} glyph="soon" tone={css.info} />
        <List title={t.restore.willNotChange} rows={wont} glyph="ok" tone={css.ok} />
      </div>
    </div>
  );
}

function List({ title, rows, glyph, tone }: { title: string; rows: readonly Row[]; glyph: GlyphName; tone: string | undefined }) {
  return (
    <Card>
      <div className={css.listCard}>
        <h3 className={css.listTitle}>{title}</h3>
        <ul>
          {rows.map(([name, text]) => <li key={`${name} ${text}`} className={css.listRow}><span className={tone}><Sign name={glyph} /></span><span><b>{name}</b> <span className={css.mute}>{text}</span></span></li>)}
        </ul>
      </div>
    </Card>
  );
}

/** One station of the way. */
export function Box({ icon, name, lines }: { icon: ReactNode; name: string; lines: readonly string[] }) {
  return (
    <div className={css.box}>
      <span className={css.boxIcon}>{icon}</span>
      <div className={css.boxWords}><b className={css.strong}>{name}</b>{lines.map((line) => <span key={line} className={css.second}>{line}</span>)}</div>
    </div>
  );
}

function Arrow() {
  return <svg className={css.arrow} width="54" height="14" viewBox="0 0 54 14" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"><path d="M1 7h51M46 1l6 6-6 6" /></svg>;
}
