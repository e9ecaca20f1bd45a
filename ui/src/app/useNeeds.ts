import { useCommand } from "@/api/client";
import { causesOf } from "@/features/runs/causes";

/** How many causes need somebody, for the rail. */
export function useNeeds(): number {
  const runs = useCommand("runs.list", { limit: 1000 });
  return causesOf(runs.data?.runs ?? []).filter((cause) => cause.state === "needs-you").length;
}
