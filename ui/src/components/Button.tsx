import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components";
import type { ReactNode } from "react";
import { Sign } from "./Glyph";
import css from "./Button.module.css";

export interface ButtonProps extends Omit<AriaButtonProps, "children" | "className" | "style"> {
  /** primary: one a region. plain: the rest. quiet: words only. danger: red words. dangerFill: in a dialog only. */
  kind?: "primary" | "plain" | "quiet" | "danger" | "dangerFill";
  size?: "small" | "normal" | "large";
  icon?: ReactNode;
  /** An icon after the words, for a way onward. */
  after?: ReactNode;
  testId?: string;
  children: ReactNode;
}

/** A button. While pending it keeps its place and focus and says so. */
export function Button({ kind = "plain", size = "normal", icon, after, children, testId, ...rest }: ButtonProps) {
  return (
    <AriaButton {...rest} id={testId} data-testid={testId} className={css.button ?? ""} data-kind={kind} data-size={size}>
      {rest.isPending ? <span className={css.pending}><Sign name="running" size={10} /></span> : icon}
      <span className={css.words}>{children}</span>
      {after}
    </AriaButton>
  );
}

interface IconButtonProps extends Omit<AriaButtonProps, "children" | "className" | "style"> {
  label: string;
  children: ReactNode;
  testId?: string;
}

/** A button of 32 × 32 with an icon; its name is in the tooltip and for screen readers. */
export function IconButton({ label, children, testId, ...rest }: IconButtonProps) {
  return (
    <span title={label} className={css.hint}>
      <AriaButton {...rest} id={testId} data-testid={testId} aria-label={label} className={css.iconButton ?? ""}>
        {children}
      </AriaButton>
    </span>
  );
}

/** Words that act, inside text or beside it. */
export function TextAction({ onPress, children, label, testId }: { onPress: () => void; children: ReactNode; label?: string; testId?: string }) {
  return (
    <AriaButton onPress={onPress} id={testId} data-testid={testId} className={css.textAction ?? ""} {...(label === undefined ? {} : { "aria-label": label })}>
      {children}
    </AriaButton>
  );
}
