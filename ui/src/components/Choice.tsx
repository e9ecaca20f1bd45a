import { Check } from "lucide-react";
import { Checkbox as AriaCheckbox, Radio, RadioGroup, ToggleButton, ToggleButtonGroup, type CheckboxProps } from "react-aria-components";
import type { ReactNode } from "react";
import css from "./Choice.module.css";

/** A box to tick. `isIndeterminate` for "some of them". */
export function Checkbox({ children, testId, ...rest }: Omit<CheckboxProps, "children" | "className" | "style"> & { children?: ReactNode; testId?: string }) {
  return (
    <AriaCheckbox {...rest} data-testid={testId} className={css.check ?? ""}>
      {({ isSelected, isIndeterminate }) => (
        <>
          <span className={css.box}>
            {isIndeterminate ? <span className={css.some} /> : isSelected ? <Check size={11} strokeWidth={3.2} aria-hidden /> : null}
          </span>
          {children}
        </>
      )}
    </AriaCheckbox>
  );
}

export interface SegmentOption<Key extends string> {
  key: Key;
  label: string;
}

interface SegmentedProps<Key extends string> {
  label: string;
  options: readonly SegmentOption<Key>[];
  value: Key;
  onChange: (key: Key) => void;
  testId: string;
  /** On the indigo wall. */
  onWall?: boolean;
}

/** One of a few, all in sight. */
export function Segmented<Key extends string>({ label, options, value, onChange, testId, onWall }: SegmentedProps<Key>) {
  return (
    <ToggleButtonGroup
      aria-label={label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[value]}
      onSelectionChange={(keys) => {
        const chosen = options.find((option) => keys.has(option.key));
        if (chosen) onChange(chosen.key);
      }}
      className={css.segmented ?? ""}
      data-testid={testId}
      data-wall={onWall || undefined}
    >
      {options.map((option) => (
        <ToggleButton key={option.key} id={option.key} className={css.segment ?? ""} data-testid={`${testId}-${option.key}`}>
          {option.label}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}

interface RadioRowsProps {
  label: string;
  value: string | null;
  onChange: (value: string) => void;
  children: ReactNode;
  /** Rows of a card, cards side by side, or cards one under the other. */
  shape: "rows" | "cards" | "stack";
}

/** A group of radio rows or cards. */
export function RadioRows({ label, value, onChange, children, shape }: RadioRowsProps) {
  return (
    <RadioGroup aria-label={label} value={value} onChange={onChange} className={css[shape] ?? ""}>
      {children}
    </RadioGroup>
  );
}

interface RadioRowProps {
  value: string;
  testId: string;
  isDisabled?: boolean;
  label: string;
  children: ReactNode;
}

/** One choice of a group, as wide as its card. */
export function RadioRow({ value, testId, isDisabled = false, label, children }: RadioRowProps) {
  return (
    <Radio value={value} isDisabled={isDisabled} aria-label={label} className={css.radio ?? ""} data-testid={testId}>
      <span className={css.dot} />
      {children}
    </Radio>
  );
}
