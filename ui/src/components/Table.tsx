import { Cell, Checkbox, Column, Row, Table as AriaTable, TableBody, TableHeader, TableLayout, Virtualizer, type Selection } from "react-aria-components";
import { Check } from "lucide-react";
import type { ReactNode } from "react";
import css from "./Table.module.css";
import choice from "./Choice.module.css";

export interface TableColumn<Item> {
  key: string;
  name: string;
  /** Pixels, or a share of what is left ("2fr"). Fixed by the kind of content, so that nothing moves on a refresh. */
  width: number | `${number}fr`;
  minWidth?: number;
  end?: boolean;
  cell: (item: Item) => ReactNode;
}

interface TableProps<Item extends { id: string }> {
  label: string;
  testId: string;
  columns: readonly TableColumn<Item>[];
  items: readonly Item[];
  /** Words of a row for type-ahead and screen readers. */
  textOf: (item: Item) => string;
  rowHeight?: 40 | 48 | 56;
  /** Ticking rows. */
  ticks?: { selected: ReadonlySet<string>; onChange: (selected: Set<string>) => void; disabled?: ReadonlySet<string> };
  /** One chosen row, whose details are shown beside. */
  chosen?: { id: string | null; onChange: (id: string) => void };
  /** Enter or a click opens the row. */
  onOpen?: (id: string) => void;
  /** The row that may jump out; one at most. */
  worst?: string | null;
  /** What to say when there is no row. */
  empty?: ReactNode;
}

function Tick() {
  return (
    <Checkbox slot="selection" className={choice.check ?? ""}>
      {({ isSelected, isIndeterminate }) => (
        <span className={choice.box}>
          {isIndeterminate ? <span className={choice.some} /> : isSelected ? <Check size={11} strokeWidth={3.2} aria-hidden /> : null}
        </span>
      )}
    </Checkbox>
  );
}

/** A list with columns. Only what is in sight is drawn; the table is one tab stop and arrow keys move. */
export function Table<Item extends { id: string }>({ label, testId, columns, items, textOf, rowHeight = 40, ticks, chosen, onOpen, worst, empty }: TableProps<Item>) {
  if (items.length === 0) return <>{empty}</>;
  const headHeight = 32;
  const select = (selection: Selection) => {
    if (ticks) {
      const all = items.filter((item) => !ticks.disabled?.has(item.id)).map((item) => item.id);
      const shown = new Set(items.map((item) => item.id));
      const kept = [...ticks.selected].filter((id) => !shown.has(id));
      ticks.onChange(new Set([...kept, ...(selection === "all" ? all : all.filter((id) => selection.has(id)))]));
    } else if (chosen && selection !== "all") {
      const [id] = selection;
      if (id !== undefined) chosen.onChange(String(id));
    }
  };
  return (
    <Virtualizer layout={TableLayout} layoutOptions={{ rowHeight, headingHeight: headHeight }}>
      <AriaTable
        aria-label={label}
        data-testid={testId}
        className={css.table ?? ""}
        style={{ height: headHeight + items.length * rowHeight }}
        selectionMode={ticks ? "multiple" : chosen ? "single" : "none"}
        selectionBehavior={ticks ? "toggle" : "replace"}
        disallowEmptySelection={Boolean(chosen)}
        selectedKeys={ticks ? ticks.selected : chosen?.id ? [chosen.id] : []}
        disabledKeys={ticks?.disabled ?? []}
        onSelectionChange={select}
        {...(onOpen ? { onRowAction: (key) => onOpen(String(key)) } : {})}
      >
        <TableHeader className={css.header ?? ""}>
          {ticks ? <Column key="tick" width={44} minWidth={44} className={css.tickHead ?? ""}><Tick /></Column> : null}
          {columns.map((column, index) => (
            <Column key={column.key} id={column.key} isRowHeader={index === 0} width={column.width} minWidth={column.minWidth ?? 60} className={css.column ?? ""}>
              <span className={css.headCell} data-end={column.end || undefined} data-first={(index === 0 && !ticks) || undefined} data-last={index === columns.length - 1 || undefined}>{column.name}</span>
            </Column>
          ))}
        </TableHeader>
        <TableBody items={items} dependencies={[columns, worst]}>
          {(item) => (
            <Row id={item.id} textValue={textOf(item)} className={css.row ?? ""} data-testid={`${testId}-row`} data-row={textOf(item)} data-worst={worst === item.id || undefined}>
              {ticks ? <Cell className={css.tickCell ?? ""}><Tick /></Cell> : null}
              {columns.map((column, index) => (
                <Cell key={column.key} className={css.cell ?? ""}>
                  <div className={css.inner} data-end={column.end || undefined} data-first={(index === 0 && !ticks) || undefined} data-last={index === columns.length - 1 || undefined}><span className={css.text}>{column.cell(item)}</span></div>
                </Cell>
              ))}
            </Row>
          )}
        </TableBody>
      </AriaTable>
    </Virtualizer>
  );
}

/** First cell of a row: a glyph, the name in 600, and a second line in mute. */
export function NameCell({ glyph, name, second }: { glyph?: ReactNode; name: ReactNode; second?: ReactNode }) {
  return (
    <span className={css.nameCell}>
      {glyph}
      <span className={css.names}>
        <span className={css.name}>{name}</span>
        {second ? <span className={css.second}>{second}</span> : null}
      </span>
    </span>
  );
}
