import { useCommand } from "@/api/client";
import { causesOf } from "@/features/runs/causes";

/** How many causes and alarms need somebody, for the rail. */
export function useNeeds(): number {
  const runs = useCommand("runs.list", { limit: 1000 });
  const alarms = useCommand("alerts.list", {}).data?.alerts.filter((one) => one.weight === "red").length ?? 0;
  return alarms + causesOf(runs.data?.runs ?? []).filter((cause) => cause.state === "needs-you").length;
}
