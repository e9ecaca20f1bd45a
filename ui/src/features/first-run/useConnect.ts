import { useCallback, useRef, useState } from "react";
import { call } from "@/api/client";
import { errorView } from "@/api/errors";
import type { CertificateView } from "@/api/generated/CertificateView";
import type { ServerView } from "@/api/generated/ServerView";
import { usePlatform } from "@/platform/context";
import { serverName, type ConnectState } from "./checks";

export interface Credentials {
  url: string;
  user: string;
  password: string;
}

function sameGiven(one: Credentials, other: Credentials): boolean {
  return one.url === other.url && one.user === other.user && one.password === other.password;
}

/** Connects to a server: looks at its certificate first, sends the password only after it is trusted. */
export function useConnect(onConnected: (server: ServerView) => void) {
  const platform = usePlatform();
  const [state, setState] = useState<ConnectState>({ at: "idle" });
  // A newer attempt, or leaving, makes the answers of an older one void.
  const attempt = useRef(0);
  const added = useRef<{ id: string; given: Credentials; certificate: CertificateView } | null>(null);

  const add = useCallback(
    async (certificate: CertificateView, credentials: Credentials, mine: number) => {
      setState({ at: "adding", certificate });
      try {
        const answer = await call(platform, "servers.add", {
          name: serverName(certificate.url),
          url: credentials.url,
          user: credentials.user,
          password: credentials.password,
          pin: certificate.trusted_by_system ? null : certificate.sha256,
        });
        if (mine !== attempt.current) return;
        added.current = { id: answer.server.id, given: credentials, certificate };
        setState({ at: "checked", certificate, checks: answer.checks });
        if (answer.checks.every((check) => check.passed)) onConnected(answer.server);
      } catch (thrown) {
        if (mine === attempt.current) setState({ at: "refused", certificate, error: errorView(thrown) });
      }
    },
    [platform, onConnected],
  );

  const test = useCallback(
    async (credentials: Credentials, trusted: CertificateView | null) => {
      const mine = ++attempt.current;
      setState({ at: "probing" });
      try {
        const before = added.current;
        if (before && sameGiven(before.given, credentials)) {
          // It was added by the last test: look at it again instead of adding it twice.
          const answer = await call(platform, "servers.test", { server_id: before.id });
          if (mine === attempt.current) setState({ at: "checked", certificate: before.certificate, checks: answer.checks });
          return;
        }
        const certificate = await call(platform, "servers.probe", { url: credentials.url });
        if (mine !== attempt.current) return;
        const known = certificate.trusted_by_system || certificate.sha256 === trusted?.sha256;
        if (known) await add(certificate, credentials, mine);
        else setState({ at: "trust", certificate });
      } catch (thrown) {
        if (mine === attempt.current) setState({ at: "refused", certificate: null, error: errorView(thrown) });
      }
    },
    [platform, add],
  );

  const trust = useCallback(
    (certificate: CertificateView, credentials: Credentials) => add(certificate, credentials, ++attempt.current),
    [add],
  );

  const reset = useCallback(() => {
    attempt.current += 1;
    setState({ at: "idle" });
  }, []);

  return { state, test, trust, reset };
}
