import type { ErrorCode, ErrorView } from "@/api/errors";
import type { CertificateView } from "@/api/generated/CertificateView";
import type { MissingRightsView } from "@/api/generated/MissingRightsView";
import type { ServerCheckKind } from "@/api/generated/ServerCheckKind";
import { checkOrder, nothingChecked, type CheckProgress } from "@/api/server-checks";

export interface CheckLine {
  kind: ServerCheckKind;
  state: "waiting" | "running" | "good" | "warning" | "failed";
  found: string | null;
  error: ErrorView | null;
  missing: readonly MissingRightsView[];
}

/** How far connecting to a server has come. */
export type ConnectState =
  | { at: "idle" }
  | { at: "probing" }
  | { at: "trust"; certificate: CertificateView }
  | { at: "adding"; certificate: CertificateView }
  | { at: "refused"; certificate: CertificateView | null; error: ErrorView }
  /** It was added. Where adding it proved the first two checks, they are not made again. */
  | { at: "added"; certificate: CertificateView; user: string; proved: boolean; progress: CheckProgress };

const refusedAt: Partial<Record<ErrorCode, ServerCheckKind>> = {
  "host-unreachable": "reach",
  "not-vsphere": "reach",
  "certificate-unknown": "sign-in",
  "certificate-changed": "sign-in",
  "login-refused": "sign-in",
  "version-too-old": "version",
  "licence-restricted": "licence",
  "rights-missing": "rights",
};

interface Words {
  reach: (url: string) => string;
  signIn: (user: string) => string;
}

/** Which check an error belongs to; before the certificate was seen nothing but reaching can have failed. */
export function refusedCheck(code: ErrorCode, certificate: CertificateView | null): ServerCheckKind {
  return refusedAt[code] ?? (certificate ? "sign-in" : "reach");
}

const plain = (kind: ServerCheckKind, state: CheckLine["state"], found: string | null = null): CheckLine => ({ kind, state, found, error: null, missing: [] });

/** The lines of a server that was added, as they stand. */
export function progressLines({ made, running }: CheckProgress): CheckLine[] {
  return checkOrder.map((kind) => {
    const check = made.find((one) => one.check === kind);
    if (check) return { kind, state: check.state, found: check.found || null, error: check.error, missing: check.missing };
    return plain(kind, kind === running ? "running" : "waiting");
  });
}

/** The lines while a server is being added: what is well, what is being looked at, what is still to come. */
export function checkLines(state: ConnectState, words: Words): CheckLine[] {
  const certificate = state.at === "idle" || state.at === "probing" ? null : state.certificate;
  const proved = (kind: ServerCheckKind, user: string | null) =>
    plain(kind, "good", kind === "reach" && certificate ? words.reach(certificate.url) : kind === "sign-in" && user !== null ? words.signIn(user) : null);
  if (state.at === "added") {
    return progressLines(state.progress).map((line) => (state.proved && (line.kind === "reach" || line.kind === "sign-in") ? proved(line.kind, state.user) : line));
  }
  const failed = state.at === "refused" ? refusedCheck(state.error.code, certificate) : null;
  const current = state.at === "probing" ? "reach" : state.at === "trust" || state.at === "adding" ? "sign-in" : failed;
  const position = current === null ? -1 : checkOrder.indexOf(current);
  return progressLines({ ...nothingChecked, running: current }).map((line, index) => {
    if (index < position) return proved(line.kind, null);
    return line.kind === failed && state.at === "refused" ? { ...line, state: "failed", error: state.error } : line;
  });
}

/** The name to call a server by, from its full address. */
export function serverName(url: string): string {
  try {
    return new URL(url).hostname || url;
  } catch {
    return url;
  }
}
