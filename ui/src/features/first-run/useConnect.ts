import { useCallback, useRef, useState } from "react";
import { call } from "@/api/client";
import { errorView } from "@/api/errors";
import type { CertificateView } from "@/api/generated/CertificateView";
import type { ServerCheckKind } from "@/api/generated/ServerCheckKind";
import type { ServerView } from "@/api/generated/ServerView";
import { checkOrder, makeChecks, type CheckProgress } from "@/api/server-checks";
import { usePlatform } from "@/platform/context";
import { serverName, type ConnectState } from "./checks";

export interface Credentials {
  url: string;
  user: string;
  password: string;
}

interface Added {
  server: ServerView;
  given: Credentials;
  certificate: CertificateView;
}

/** What adding a server does not prove already. */
const afterAdding: readonly ServerCheckKind[] = ["version", "licence", "rights"];

function sameGiven(one: Credentials, other: Credentials): boolean {
  return one.url === other.url && one.user === other.user && one.password === other.password;
}

interface Told {
  /** A server was added and all is well. */
  onConnected: (server: ServerView) => void;
  /** Whether backups can work with what was added last. */
  onWorks: (works: boolean) => void;
}

/** Connects to a server: looks at its certificate first, sends the password only after it is trusted. */
export function useConnect({ onConnected, onWorks }: Told) {
  const platform = usePlatform();
  const [state, setState] = useState<ConnectState>({ at: "idle" });
  // A newer attempt, or leaving, makes the answers of an older one void.
  const attempt = useRef(0);
  const added = useRef<Added | null>(null);

  const look = useCallback(
    async ({ server, certificate }: Added, proved: boolean, mine: number) => {
      const show = (progress: CheckProgress) => {
        if (mine === attempt.current) setState({ at: "added", certificate, user: server.user, proved, progress });
      };
      const made = await makeChecks(platform, server.id, proved ? afterAdding : checkOrder, show);
      if (mine !== attempt.current) return;
      onWorks(made.every((check) => check.state !== "failed"));
      if (made.every((check) => check.state === "good")) onConnected(server);
    },
    [platform, onConnected, onWorks],
  );

  const add = useCallback(
    async (certificate: CertificateView, given: Credentials, mine: number) => {
      setState({ at: "adding", certificate });
      try {
        const server = await call(platform, "servers.add", {
          name: serverName(certificate.url),
          url: given.url,
          user: given.user,
          password: given.password,
          pin: certificate.trusted_by_system ? null : certificate.sha256,
        });
        added.current = { server, given, certificate };
        if (mine === attempt.current) await look(added.current, true, mine);
      } catch (thrown) {
        if (mine === attempt.current) setState({ at: "refused", certificate, error: errorView(thrown) });
      }
    },
    [platform, look],
  );

  const test = useCallback(
    async (given: Credentials, trusted: CertificateView | null) => {
      const mine = ++attempt.current;
      const before = added.current;
      // It was added by the last test: look at it again instead of adding it twice.
      if (before && sameGiven(before.given, given)) return look(before, false, mine);
      setState({ at: "probing" });
      try {
        const certificate = await call(platform, "servers.probe", { url: given.url });
        if (mine !== attempt.current) return;
        const known = certificate.trusted_by_system || certificate.sha256 === trusted?.sha256;
        if (known) await add(certificate, given, mine);
        else setState({ at: "trust", certificate });
      } catch (thrown) {
        if (mine === attempt.current) setState({ at: "refused", certificate: null, error: errorView(thrown) });
      }
    },
    [platform, add, look],
  );

  const trust = useCallback(
    (certificate: CertificateView, given: Credentials) => add(certificate, given, ++attempt.current),
    [add],
  );

  const reset = useCallback(() => {
    attempt.current += 1;
    setState({ at: "idle" });
  }, []);

  return { state, test, trust, reset };
}
