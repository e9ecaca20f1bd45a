import { X } from "lucide-react";
import { useEffect, useState } from "react";
import { useText } from "@/i18n/context";
import { IconButton, TextAction } from "./Button";
import { Glyph } from "./Glyph";
import { dismiss, useToasts, type Toast } from "./toasts";
import css from "./Toasts.module.css";

function Line({ entry }: { entry: Toast }) {
  const t = useText();
  const [held, setHeld] = useState(false);
  useEffect(() => {
    // Failures stay until they are closed; the rest goes after six seconds, unless somebody looks at it.
    if (held || entry.tone === "bad") return undefined;
    const timer = setTimeout(() => dismiss(entry.id), 6000);
    return () => clearTimeout(timer);
  }, [entry, held]);
  return (
    <div className={css.toast} data-testid="toast" onMouseEnter={() => setHeld(true)} onMouseLeave={() => setHeld(false)} onFocus={() => setHeld(true)} onBlur={() => setHeld(false)}>
      <Glyph name={entry.tone === "ok" ? "ok" : "failed"} />
      <span className={css.text}>{entry.text}</span>
      {entry.action ? <TextAction onPress={() => { dismiss(entry.id); entry.action?.run(); }}>{entry.action.name}</TextAction> : null}
      <IconButton label={t.common.close} onPress={() => dismiss(entry.id)}><X size={14} strokeWidth={1.8} aria-hidden /></IconButton>
    </div>
  );
}

/** Lower right, one line and one action each. */
export function Toasts() {
  const t = useText();
  const toasts = useToasts();
  return (
    <div className={css.region} role="region" aria-label={t.shell.notices} aria-live="polite">
      {toasts.map((entry) => <Line key={entry.id} entry={entry} />)}
    </div>
  );
}
