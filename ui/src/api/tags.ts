import type { CommandName } from "./client";
import type { Topic } from "./generated/Topic";

const pointLists = ["points.list", "points.get", "points.find", "points.sums"] as const;

/** Which answers a topic makes old; a change of the settings makes all of them old. Run progress is not here: it goes to the run store without a question. */
export const outdated: Record<Topic, readonly CommandName[]> = {
  run: [],
  servers: ["servers.list", "app.state"],
  inventory: ["inventory.get", "protection.list"],
  repositories: ["repositories.list", "repositories.info", "app.state", ...pointLists],
  points: [...pointLists, "retention.what-if", "protection.list", "points.deleted", "inventory.get", "repositories.list", "repositories.info"],
  jobs: ["jobs.list", "jobs.get", "protection.list"],
  alerts: ["alerts.list", "protection.list"],
  notices: ["notices.get"],
  settings: [],
  updates: ["updates.status"],
};

/** Which answers the beginning or the end of a run makes old. */
export const outdatedByRun: readonly CommandName[] = ["runs.list", "jobs.list", "jobs.get", "app.state", ...pointLists, "inventory.get", "protection.list", "alerts.list"];
