import type { ErrorCode, ErrorView } from "@/api/errors";
import type { CertificateView } from "@/api/generated/CertificateView";
import type { ServerCheck } from "@/api/generated/ServerCheck";
import type { ServerCheckKind } from "@/api/generated/ServerCheckKind";

/** The order in which a server is looked at. */
export const checkKinds: readonly ServerCheckKind[] = ["reach", "certificate", "sign-in", "licence", "rights", "inventory"];

export interface CheckLine {
  kind: ServerCheckKind;
  state: "waiting" | "running" | "passed" | "failed";
  found: string | null;
  error: ErrorView | null;
}

/** How far connecting to a server has come. */
export type ConnectState =
  | { at: "idle" }
  | { at: "probing" }
  | { at: "trust"; certificate: CertificateView }
  | { at: "adding"; certificate: CertificateView }
  | { at: "refused"; certificate: CertificateView | null; error: ErrorView }
  | { at: "checked"; certificate: CertificateView; checks: readonly ServerCheck[] };

const refusedAt: Partial<Record<ErrorCode, ServerCheckKind>> = {
  "host-unreachable": "reach",
  "not-vsphere": "reach",
  "certificate-unknown": "certificate",
  "certificate-changed": "certificate",
  "login-refused": "sign-in",
  "licence-restricted": "licence",
  "rights-missing": "rights",
};

interface Words {
  reach: (url: string) => string;
  certificate: (certificate: CertificateView) => string;
}

/** Which check an error belongs to; before the certificate was seen nothing but reaching can have failed. */
export function refusedCheck(code: ErrorCode, certificate: CertificateView | null): ServerCheckKind {
  return refusedAt[code] ?? (certificate ? "sign-in" : "reach");
}

/** The list as it stands: what passed, what is being looked at, what is still to come. */
export function checkLines(state: ConnectState, words: Words): CheckLine[] {
  if (state.at === "checked") return checkedLines(state.certificate, state.checks, words);
  const certificate = state.at === "idle" || state.at === "probing" ? null : state.certificate;
  const failed = state.at === "refused" ? refusedCheck(state.error.code, certificate) : null;
  const current: ServerCheckKind | null =
    state.at === "probing" ? "reach" : state.at === "trust" ? "certificate" : state.at === "adding" ? "sign-in" : failed;
  const position = current === null ? -1 : checkKinds.indexOf(current);
  return checkKinds.map((kind, index) => {
    const passed = index < position;
    const found = !passed || !certificate ? null : kind === "reach" ? words.reach(certificate.url) : kind === "certificate" ? words.certificate(certificate) : null;
    if (passed) return { kind, state: "passed", found, error: null };
    if (kind === failed && state.at === "refused") return { kind, state: "failed", found: null, error: state.error };
    return { kind, state: index === position ? "running" : "waiting", found: null, error: null };
  });
}

function checkedLines(certificate: CertificateView, checks: readonly ServerCheck[], words: Words): CheckLine[] {
  return checkKinds.map((kind) => {
    const check = checks.find((made) => made.check === kind);
    const own = kind === "reach" ? words.reach(certificate.url) : kind === "certificate" ? words.certificate(certificate) : null;
    // The first two were already seen by the probe, whether or not the back end repeats them.
    if (!check) return { kind, state: own === null ? "waiting" : "passed", found: own, error: null };
    return { kind, state: check.passed ? "passed" : "failed", found: check.found ?? own, error: check.error };
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
