import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { call, keyOf, useCommand } from "@/api/client";
import { errorView, type ErrorView } from "@/api/errors";
import type { NoticeSettings } from "@/api/generated/NoticeSettings";
import type { NoticesView } from "@/api/generated/NoticesView";
import { usePlatform } from "@/platform/context";

/** Parts of the page that can be refused by themselves. */
export type Part = "desktop" | "mail" | "webhook" | "ping" | "digest";

interface Secrets {
  mail_password?: string;
  webhook_secret?: string;
}

/** What changes one part. Says whether the back end took it. */
export type Change = (part: Part, make: (settings: NoticeSettings) => NoticeSettings, secrets?: Secrets) => Promise<boolean>;

/** Who is told of what. Changes go one after the other, each made from what the one before left. */
export function useNotices() {
  const platform = usePlatform();
  const queries = useQueryClient();
  const answer = useCommand("notices.get", {});
  const [refused, setRefused] = useState<{ part: Part; error: ErrorView } | null>(null);
  const line = useRef<Promise<unknown>>(Promise.resolve());
  const change: Change = (part, make, secrets = {}) => {
    const key = keyOf("notices.get", {});
    const next = line.current.then(async () => {
      const before = queries.getQueryData<NoticesView>(key);
      if (!before) return false;
      try {
        queries.setQueryData(key, await call(platform, "notices.set", { settings: make(before.settings), mail_password: secrets.mail_password ?? null, webhook_secret: secrets.webhook_secret ?? null }));
        setRefused(null);
        return true;
      } catch (thrown) {
        setRefused({ part, error: errorView(thrown) });
        return false;
      }
    });
    line.current = next;
    return next;
  };
  return { answer, change, refused };
}
