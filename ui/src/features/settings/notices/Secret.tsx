import { TextAction } from "@/components/Button";
import { useText } from "@/i18n/context";
import { LeaveField } from "./LeaveField";

interface SecretProps {
  label: string;
  kept: boolean;
  keptText: string;
  noneText: string;
  /** Keeps a new one; empty forgets it. */
  onKeep: (text: string) => Promise<boolean>;
  testId: string;
}

/** A secret that can be typed and never read again. */
export function Secret({ label, kept, keptText, noneText, onKeep, testId }: SecretProps) {
  const t = useText();
  return (
    <LeaveField type="password" label={label} value="" placeholder={kept ? "••••••••" : ""} onLeave={onKeep} testId={testId}
      hint={kept ? <>{keptText} <TextAction onPress={() => void onKeep("")} testId={`${testId}-forget`}>{t.notices.forget}</TextAction></> : noneText} />
  );
}
