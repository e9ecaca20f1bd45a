import { FieldError, Input, Label, Text, TextField, type TextFieldProps } from "react-aria-components";
import type { ReactNode } from "react";
import { Sign } from "./Glyph";
import css from "./Field.module.css";

interface FieldProps extends Omit<TextFieldProps, "children" | "className" | "style"> {
  label: string;
  testId: string;
  /** Why the value is as it is. */
  hint?: ReactNode;
  /** What is wrong; shown with a red edge. */
  error?: string | null;
  /** Words or a sign inside the field, at its end. */
  inside?: ReactNode;
  /** A button beside the field. */
  beside?: ReactNode;
  placeholder?: string;
  large?: boolean;
  mono?: boolean;
  /** The label is for screen readers only: what stands beside says it. */
  bare?: boolean;
}

/** A labelled field. Errors come as a sentence under it. */
export function Field({ label, testId, hint, error, inside, beside, placeholder, large, mono, bare, ...rest }: FieldProps) {
  return (
    <TextField {...rest} isInvalid={Boolean(error)} validationBehavior="aria" className={css.field ?? ""}>
      <Label className={bare ? "unseen" : (css.label ?? "")}>{label}</Label>
      <div className={css.row}>
        <div className={css.box}>
          <Input id={testId} data-testid={testId} placeholder={placeholder ?? ""} className={css.input ?? ""} data-large={large || undefined} data-mono={mono || undefined} data-inside={inside ? true : undefined} autoComplete="off" spellCheck={false} />
          {inside ? <span className={css.inside}>{inside}</span> : null}
        </div>
        {beside}
      </div>
      <FieldError className={css.error ?? ""}>
        <Sign name="failed" size={10} />
        <span>{error}</span>
      </FieldError>
      {hint && !error ? <Text slot="description" className={css.hint ?? ""}>{hint}</Text> : null}
    </TextField>
  );
}
