import { Button } from "@/components/Button";
import { Select } from "@/components/Select";
import { useText } from "@/i18n/context";
import type { useBackup } from "./useBackup";

interface BackupButtonProps {
  backup: ReturnType<typeof useBackup>;
  vms: readonly string[];
  name: string;
  primary?: boolean;
  testId: string;
  isDisabled?: boolean;
}

/** Starts a backup; asks where to only when there is more than one place. */
export function BackupButton({ backup, vms, name, primary, testId, isDisabled = false }: BackupButtonProps) {
  const t = useText();
  return (
    <>
      {backup.repositories.length > 1 ? (
        <Select bare label={t.inventory.backUpTo} value={backup.repository?.id ?? null} onChange={backup.choose} options={backup.repositories.map((one) => ({ key: one.id, name: one.name }))} testId={`${testId}-repository`} />
      ) : null}
      <Button kind={primary ? "primary" : "plain"} icon={<svg width="12" height="12" viewBox="0 0 12 12" fill="currentColor" aria-hidden="true"><path d="M2.5 1v10L11 6z" /></svg>}
        onPress={() => backup.run(vms)} isPending={backup.isPending} isDisabled={isDisabled || vms.length === 0 || !backup.repository} testId={testId}>
        {backup.isPending ? t.inventory.starting : name}
      </Button>
    </>
  );
}
