import type { LetterView } from "@/api/generated/LetterView";
import { Card, CardHead } from "@/components/Card";
import { StateWord } from "@/components/Glyph";
import { Moment } from "@/components/Words";
import { useText } from "@/i18n/context";
import css from "./Notices.module.css";

/** What waits, and what was given up. */
export function Outbox({ letters }: { letters: readonly LetterView[] }) {
  const t = useText();
  const open = letters.filter((letter) => letter.state !== "sent");
  return (
    <Card label={t.notices.outbox} testId="notice-outbox">
      <CardHead title={t.notices.outbox} fact={t.notices.outboxFact(letters.length - open.length)} />
      {open.length === 0 ? <p className={css.arrived}>{t.notices.allArrived}</p> : (
        <table className={css.table}>
          <thead><tr><th scope="col">{t.notices.colNotice}</th><th scope="col">{t.notices.colWay}</th><th scope="col">{t.notices.colState}</th><th scope="col">{t.notices.colSaid}</th><th scope="col">{t.notices.colWhen}</th></tr></thead>
          <tbody>
            {open.map((letter, place) => (
              <tr key={`${letter.way}-${letter.made_at}-${place}`} data-testid="notice-letter" data-state={letter.state}>
                <th scope="row">{letter.title}</th>
                <td>{t.notices.ways[letter.way]}<span className={css.sub}>{letter.to}</span></td>
                <td>{letter.state === "waiting" ? <StateWord glyph="warned">{t.notices.states.waiting}</StateWord> : <StateWord glyph="failed">{t.notices.states["given-up"]}</StateWord>}<span className={css.sub}>{t.notices.tries(letter.tries)}</span></td>
                <td data-selectable>{letter.said || "–"}</td>
                <td><Moment time={letter.made_at} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
