import { useState } from "react";
import { FieldError, Input, TextField } from "react-aria-components";
import css from "./SmallField.module.css";

interface SmallFieldProps<Value> {
  /** For screen readers; what it means stands beside it. */
  label: string;
  value: Value;
  /** How the value is written. */
  write: (value: Value) => string;
  /** Reads what was typed; `null` when it makes no sense. */
  read: (text: string) => Value | null;
  onChange: (value: Value) => void;
  /** Said when it makes no sense, on leaving the field. */
  wrong: string;
  width: number;
  testId: string;
  numeric?: boolean;
}

/** A short field in a row: what is typed counts on leaving it, or with Enter. */
export function SmallField<Value>({ label, value, write, read, onChange, wrong, width, testId, numeric }: SmallFieldProps<Value>) {
  const [typed, setTyped] = useState<string | null>(null);
  const [bad, setBad] = useState(false);
  const settle = () => {
    if (typed === null) return;
    const found = read(typed);
    setBad(found === null);
    if (found === null) return;
    setTyped(null);
    if (write(found) !== write(value)) onChange(found);
  };
  return (
    <TextField aria-label={label} value={typed ?? write(value)} onChange={(text) => { setTyped(text); setBad(false); }} onBlur={settle} onKeyDown={(event) => { if (event.key === "Enter") settle(); }} isInvalid={bad} validationBehavior="aria" className={css.field ?? ""}>
      <Input id={testId} data-testid={testId} className={css.input ?? ""} style={{ width }} autoComplete="off" spellCheck={false} {...(numeric ? { inputMode: "numeric" as const } : {})} />
      <FieldError className={css.error ?? ""}>{wrong}</FieldError>
    </TextField>
  );
}

/** Reads a whole number within bounds. */
export function readCount(least: number, most: number): (text: string) => number | null {
  return (text) => {
    const trimmed = text.trim();
    const count = trimmed === "" ? 0 : /^\d{1,6}$/.test(trimmed) ? Number(trimmed) : -1;
    return count >= least && count <= most ? count : null;
  };
}
