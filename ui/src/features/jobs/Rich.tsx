import css from "./Plan.module.css";

/** Text with its **important** parts in bold. A part that changes is tinted once. */
export function Rich({ text }: { text: string }) {
  return <>{text.split("**").map((part, index) => (index % 2 === 1 ? <strong key={`${index}-${part}`} className={css.strong}>{part}</strong> : <span key={index}>{part}</span>))}</>;
}
