import { useState, type ReactNode } from "react";
import { Field } from "@/components/Field";

interface LeaveFieldProps {
  label: string;
  value: string;
  /** Takes what was typed; what is refused stays in the field. */
  onLeave: (text: string) => Promise<boolean>;
  hint?: ReactNode;
  error?: (text: string) => string | null;
  testId: string;
  type?: "text" | "password";
  placeholder?: string;
  beside?: ReactNode;
}

/** A field whose text counts on leaving it, or with Enter. */
export function LeaveField({ value, onLeave, error, ...rest }: LeaveFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const [left, setLeft] = useState(false);
  const wrong = left && typed !== null ? (error?.(typed) ?? null) : null;
  const settle = async () => {
    setLeft(true);
    if (typed === null || error?.(typed)) return;
    if (typed === value || (await onLeave(typed))) setTyped(null);
  };
  return <Field {...rest} value={typed ?? value} onChange={(text) => { setTyped(text); setLeft(false); }} onBlur={() => void settle()} onKeyDown={(event) => { if (event.key === "Enter") void settle(); }} error={wrong} />;
}
