import { Copy } from "lucide-react";
import { Button } from "@/components/Button";
import { FormDialog } from "@/components/Dialog";
import { toast } from "@/components/toasts";
import { useText } from "@/i18n/context";
import { usePlatform } from "@/platform/context";
import type { Command } from "./command";
import css from "./Jobs.module.css";

/** The command line that does the same, to read and to copy. */
export function CommandDialog({ command, onClose }: { command: Command; onClose: () => void }) {
  const t = useText();
  const platform = usePlatform();
  const copy = () => {
    void platform.copyText(command.line);
    toast({ tone: "ok", text: t.jobs.commandCopied });
    onClose();
  };
  return (
    <FormDialog title={t.jobs.commandTitle} onClose={onClose} testId="command-dialog"
      buttons={<><Button onPress={onClose}>{t.common.close}</Button><Button kind="primary" icon={<Copy size={14} strokeWidth={1.8} aria-hidden />} onPress={copy} testId="command-copy">{t.jobs.commandCopy}</Button></>}>
      <code className={css.command} data-testid="command-line">{command.line}</code>
      {command.unsaid.length > 0 ? <p className={css.unsaid}>{t.jobs.commandUnsaid(t.schedules.and(command.unsaid.map((key) => t.jobs.unsaid[key])))}</p> : null}
    </FormDialog>
  );
}
