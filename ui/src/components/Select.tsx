import { ChevronDown } from "lucide-react";
import { Button as AriaButton, Label, ListBox, ListBoxItem, Popover, Select as AriaSelect, SelectValue } from "react-aria-components";
import css from "./Select.module.css";

export interface SelectOption {
  key: string;
  name: string;
}

interface SelectProps {
  label: string;
  options: readonly SelectOption[];
  value: string | null;
  onChange: (key: string) => void;
  testId: string;
  /** The label is for screen readers only. */
  bare?: boolean;
}

/** One of many. */
export function Select({ label, options, value, onChange, testId, bare }: SelectProps) {
  return (
    <AriaSelect aria-label={bare ? label : undefined} selectedKey={value} onSelectionChange={(key) => (key === null ? undefined : onChange(String(key)))} className={css.select ?? ""}>
      {bare ? null : <Label className={css.label ?? ""}>{label}</Label>}
      <AriaButton className={css.button ?? ""} id={testId} data-testid={testId}>
        <SelectValue className={css.value ?? ""} />
        <ChevronDown size={14} strokeWidth={1.8} aria-hidden />
      </AriaButton>
      <Popover className={css.popover ?? ""}>
        <ListBox className={css.list ?? ""}>
          {options.map((option) => <ListBoxItem key={option.key} id={option.key} textValue={option.name} className={css.option ?? ""} data-testid={`${testId}-${option.key}`}>{option.name}</ListBoxItem>)}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
