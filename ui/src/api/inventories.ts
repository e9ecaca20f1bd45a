import { useQueries, type UseQueryResult } from "@tanstack/react-query";
import { usePlatform } from "@/platform/context";
import { call, keyOf, useCommand } from "./client";
import type { ApiError } from "./errors";
import type { InventoryView } from "./generated/InventoryView";
import type { ServerView } from "./generated/ServerView";

export interface ServerInventory {
  server: ServerView;
  inventory: UseQueryResult<InventoryView, ApiError>;
}

/** All servers with what each holds. Inventories arrive one by one; none waits for another. */
export function useInventories() {
  const platform = usePlatform();
  const servers = useCommand("servers.list", {});
  const list = servers.data?.servers ?? [];
  const answers = useQueries({
    queries: list.map((server) => {
      const request = { server_id: server.id, refresh: false };
      return { queryKey: keyOf("inventory.get", request), queryFn: () => call(platform, "inventory.get", request) };
    }),
  }) as UseQueryResult<InventoryView, ApiError>[];
  const inventories: ServerInventory[] = list.flatMap((server, index) => {
    const inventory = answers[index];
    return inventory ? [{ server, inventory }] : [];
  });
  return { servers, inventories };
}
