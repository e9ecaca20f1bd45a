import { ChevronRight } from "lucide-react";
import { Button as AriaButton, Keyboard, Menu as AriaMenu, MenuItem, MenuTrigger, Popover, Separator, SubmenuTrigger } from "react-aria-components";
import type { ReactNode } from "react";
import css from "./Menu.module.css";

export interface MenuAction {
  key: string;
  name: string;
  icon?: ReactNode;
  /** Keys that do the same while the row has the focus. */
  keys?: string;
  danger?: boolean;
  onAction?: () => void;
  /** Opens these beside it. */
  more?: readonly MenuAction[];
}

interface MenuProps {
  label: string;
  testId: string;
  /** A hair line stands before each group but the first. */
  groups: readonly (readonly MenuAction[])[];
  children: ReactNode;
  /** A bare button of 28 × 28 for rows, or words. */
  kind?: "row" | "words";
}

function Item({ action, testId }: { action: MenuAction; testId: string }) {
  const item = (
    <MenuItem id={action.key} textValue={action.name} className={css.item ?? ""} data-danger={action.danger || undefined} data-testid={`${testId}-${action.key}`} {...(action.onAction ? { onAction: action.onAction } : {})}>
      <span className={css.icon}>{action.icon}</span>
      <span className={css.name}>{action.name}</span>
      {action.more ? <ChevronRight size={14} strokeWidth={1.8} aria-hidden /> : action.keys ? <Keyboard className={css.keys ?? ""}>{action.keys}</Keyboard> : null}
    </MenuItem>
  );
  if (!action.more) return item;
  return (
    <SubmenuTrigger>
      {item}
      <Popover className={css.popover ?? ""}>
        <AriaMenu aria-label={action.name} className={css.menu ?? ""}>{action.more.map((one) => <Item key={one.key} action={one} testId={testId} />)}</AriaMenu>
      </Popover>
    </SubmenuTrigger>
  );
}

/** What can be done with one thing, at its row. */
export function Menu({ label, testId, groups, children, kind = "row" }: MenuProps) {
  return (
    <MenuTrigger>
      <AriaButton aria-label={label} className={css.trigger ?? ""} data-kind={kind} data-testid={testId}>{children}</AriaButton>
      <Popover className={css.popover ?? ""} placement="bottom end">
        <AriaMenu aria-label={label} className={css.menu ?? ""}>
          {groups.flatMap((group, index) => [
            ...(index === 0 ? [] : [<Separator key={`line-${index}`} className={css.line ?? ""} />]),
            ...group.map((action) => <Item key={action.key} action={action} testId={testId} />),
          ])}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
