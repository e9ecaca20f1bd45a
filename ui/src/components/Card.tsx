import type { ReactNode } from "react";
import css from "./Card.module.css";

interface CardProps {
  children: ReactNode;
  /** Name for screen readers where no head is there. */
  label?: string;
  testId?: string;
  /** Grows to the height there is, and its body scrolls. */
  fill?: boolean;
}

/** Surface, hair line, a little shadow. Cards do not nest. */
export function Card({ children, label, testId, fill }: CardProps) {
  return (
    <section className={css.card} aria-label={label} id={testId} data-testid={testId} data-fill={fill || undefined}>
      {children}
    </section>
  );
}

interface CardHeadProps {
  title: string;
  /** What stands beside the title in mute: a count, how it is sorted. */
  fact?: ReactNode;
  /** Buttons or a chip at the end. */
  end?: ReactNode;
}

export function CardHead({ title, fact, end }: CardHeadProps) {
  return (
    <header className={css.head}>
      <h2 className={css.title}>{title}</h2>
      {fact ? <span className={css.fact}>{fact}</span> : null}
      {end ? <span className={css.end}>{end}</span> : null}
    </header>
  );
}

/** What is not in the list, and the legend. */
export function CardFoot({ children }: { children: ReactNode }) {
  return <footer className={css.foot}>{children}</footer>;
}

/** A card's free content, with the padding of a card. */
export function CardBody({ children }: { children: ReactNode }) {
  return <div className={css.body}>{children}</div>;
}

/** A small card of words beside the work: label in small capitals, then text. */
export function NoteCard({ label, children, testId }: { label: string; children: ReactNode; testId?: string }) {
  return (
    <Card {...(testId ? { testId } : {})}>
      <div className={css.body}>
        <h2 className={css.label}>{label}</h2>
        {children}
      </div>
    </Card>
  );
}

/** Name and value lines with hair lines between. */
export function Facts({ rows }: { rows: readonly { name: string; value: ReactNode; note?: ReactNode }[] }) {
  return (
    <dl className={css.facts}>
      {rows.map((row) => (
        <div key={row.name} className={css.factRow}>
          <dt>{row.name}</dt>
          <dd>{row.value}</dd>
          {row.note === undefined ? null : <dd className={css.note}>{row.note}</dd>}
        </div>
      ))}
    </dl>
  );
}
