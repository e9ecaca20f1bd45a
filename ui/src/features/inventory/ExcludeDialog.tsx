import { useState } from "react";
import { useAction } from "@/api/client";
import type { VmProtection } from "@/api/generated/VmProtection";
import { Button } from "@/components/Button";
import { FormDialog } from "@/components/Dialog";
import { Field } from "@/components/Field";
import { useText } from "@/i18n/context";
import css from "./ProtectionCard.module.css";

/** Leaves a VM out of protection. It stays listed with the reason, so that nobody wonders later. */
export function ExcludeDialog({ vm, onClose }: { vm: VmProtection; onClose: () => void }) {
  const t = useText();
  const [reason, setReason] = useState("");
  const set = useAction("protection.set-class");
  const exclude = () => set.mutate({ vm: vm.key, change: { set: "exclude", reason: reason.trim() } }, { onSuccess: onClose });
  return (
    <FormDialog title={t.inventory.excludeTitle(vm.name)} onClose={onClose} testId="vm-exclude-dialog" buttons={(
      <>
        <Button onPress={onClose}>{t.common.cancel}</Button>
        <Button kind="primary" isDisabled={reason.trim() === ""} isPending={set.isPending} onPress={exclude} testId="vm-exclude-yes">{t.inventory.excludeYes}</Button>
      </>
    )}>
      <p className={css.ask}>{t.inventory.excludeText}{vm.jobs.length > 0 ? ` ${t.inventory.excludeJobs(vm.jobs.join(", "))}` : ""}</p>
      <Field label={t.inventory.excludeReason} value={reason} onChange={setReason} autoFocus placeholder={t.inventory.excludeSuch} error={set.error ? set.error.view.title || t.failure.unexpectedTitle : null}
        onKeyDown={(event) => { if (event.key === "Enter" && reason.trim() !== "") exclude(); }} testId="vm-exclude-reason" />
    </FormDialog>
  );
}
