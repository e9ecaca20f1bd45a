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

/** Connects to a server: looks at its certificate first, sends the password only after it is trusted. */
export function useConnect(onConnected: (server: ServerView) => void) {
  const platform = usePlatform();
  const [state, setState] = useState<ConnectState>({ at: "idle" });
  // A newer attempt, or leaving, makes the answers of an older one void.
  const attempt = useRef(0);

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
