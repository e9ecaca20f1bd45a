import type { ErrorCode, ErrorView } from "@/api/errors";
import type { CertificateView } from "@/api/generated/CertificateView";
import type { ServerCheck } from "@/api/generated/ServerCheck";
import type { ServerCheckKind } from "@/api/generated/ServerCheckKind";

/** The order in which a server is looked at. */
const order: readonly ServerCheckKind[] = ["reach", "certificate", "sign-in", "licence", "rights", "inventory"];
/** Those that are always made; the others are shown once they were. */
const always: readonly ServerCheckKind[] = ["reach", "certificate", "sign-in", "inventory"];

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
  reach: (url: string, product: string | null) => string;
  certificate: (certificate: CertificateView) => string;
  signIn: (user: string) => string;
  vms: (count: number) => string;
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
  const kinds = order.filter((kind) => always.includes(kind) || kind === failed);
  const position = current === null ? -1 : kinds.indexOf(current);
  return kinds.map((kind, index) => {
    if (index < position) return { kind, state: "passed", found: certificate ? seen(kind, certificate, null, words) : null, error: null };
    if (kind === failed && state.at === "refused") return { kind, state: "failed", found: null, error: state.error };
    return { kind, state: index === position ? "running" : "waiting", found: null, error: null };
  });
}

/** What a check found, in words. The back end gives bare facts: a product, a user, a count. */
function seen(kind: ServerCheckKind, certificate: CertificateView, fact: string | null, words: Words): string | null {
  if (kind === "reach") return words.reach(certificate.url, fact);
  if (kind === "certificate") return words.certificate(certificate);
  if (fact === null) return null;
  if (kind === "sign-in") return words.signIn(fact);
  return kind === "inventory" && /^\d+$/.test(fact) ? words.vms(Number(fact)) : fact;
}

function checkedLines(certificate: CertificateView, checks: readonly ServerCheck[], words: Words): CheckLine[] {
  // The first two were seen by the probe already, whether or not the back end repeats them.
  const made = (kind: ServerCheckKind) => kind === "reach" || kind === "certificate" || checks.some((check) => check.check === kind);
  return order.filter(made).map((kind) => {
    const check = checks.find((one) => one.check === kind);
    return { kind, state: check && !check.passed ? "failed" : "passed", found: seen(kind, certificate, check?.found ?? null, words), error: check?.error ?? null };
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
