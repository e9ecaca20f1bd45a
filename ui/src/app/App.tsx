import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider, type RouterHistory } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiError } from "@/api/errors";
import { listen } from "@/api/events";
import { Toasts } from "@/components/Toasts";
import { PlatformContext } from "@/platform/context";
import type { Platform } from "@/platform/types";
import { Appearance } from "./Appearance";
import { makeRouter } from "./router";

function makeQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Events say when an answer is old; nothing is asked again by the clock or by focus.
        staleTime: Infinity,
        gcTime: 30 * 60_000,
        refetchOnWindowFocus: false,
        retry: (count, thrown) => thrown instanceof ApiError && thrown.view.retry && count < 1,
        networkMode: "always",
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
}

/** The application over a platform. */
export function App({ platform, history }: { platform: Platform; /** Another one than the address. */ history?: RouterHistory }) {
  const [{ queries, router }] = useState(() => {
    const client = makeQueries();
    return { queries: client, router: makeRouter(client, platform, history) };
  });
  useEffect(() => listen(platform, queries), [platform, queries]);
  return (
    <PlatformContext value={platform}>
      <QueryClientProvider client={queries}>
        <Appearance>
          <RouterProvider router={router} />
          <Toasts />
        </Appearance>
      </QueryClientProvider>
    </PlatformContext>
  );
}
