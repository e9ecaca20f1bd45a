import { Search } from "lucide-react";
import { Input, SearchField as AriaSearch } from "react-aria-components";
import css from "./SearchField.module.css";

interface SearchFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  testId: string;
}

/** Filters the list beside it as one types; Esc empties it. */
export function SearchField({ label, value, onChange, testId }: SearchFieldProps) {
  return (
    <AriaSearch aria-label={label} value={value} onChange={onChange} className={css.search ?? ""}>
      <Search size={15} strokeWidth={1.8} aria-hidden />
      <Input id={testId} data-testid={testId} placeholder={label} className={css.input ?? ""} spellCheck={false} />
    </AriaSearch>
  );
}
