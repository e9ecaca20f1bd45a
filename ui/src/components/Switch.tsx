import { Switch as AriaSwitch, type SwitchProps } from "react-aria-components";
import css from "./Switch.module.css";

/** On or off, at once. The name is for screen readers where words stand beside it. */
export function Switch({ label, testId, ...rest }: Omit<SwitchProps, "children" | "className" | "style"> & { label: string; testId: string }) {
  return (
    <AriaSwitch {...rest} aria-label={label} data-testid={testId} className={css.switch ?? ""}>
      <span className={css.track}><span className={css.knob} /></span>
    </AriaSwitch>
  );
}
