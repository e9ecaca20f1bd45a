import { useAction, useCommand } from "@/api/client";
import type { RepositoryView } from "@/api/generated/RepositoryView";
import { useState } from "react";

/** Starting a backup of VMs of one server, and where it goes. */
export function useBackup(serverId: string, onStarted: (runId: string) => void) {
  const answer = useCommand("repositories.list", {});
  const repositories: readonly RepositoryView[] = answer.data?.repositories ?? [];
  const [chosen, setChosen] = useState<string | null>(null);
  const usable = repositories.filter((one) => one.error === null);
  const repository = repositories.find((one) => one.id === chosen) ?? usable[0] ?? repositories[0] ?? null;
  const start = useAction("backup.start");
  const run = (vms: readonly string[], how: "snapshot" | "cold" = "snapshot") => {
    const cold = how === "cold" ? { cold: { shut_down: false } } : {};
    if (repository) start.mutate({ server_id: serverId, vms: [...vms], repository_id: repository.id, ...cold }, { onSuccess: (started) => onStarted(started.run_id) });
  };
  return { homeless: answer.data?.repositories.length === 0, repositories, repository, choose: setChosen, run, isPending: start.isPending, error: start.error?.view ?? null };
}
