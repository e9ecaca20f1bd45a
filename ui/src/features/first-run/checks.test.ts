import { describe, expect, it } from "vitest";
import { fakeError } from "@/platform/fake/data";
import type { ServerCheck } from "@/api/generated/ServerCheck";
import { checkLines, refusedCheck, serverName, type ConnectState } from "./checks";
import { keyGroups, sameGroup } from "./recovery-key";

const certificate = { url: "https://esx1/sdk", sha256: "AA:BB", trusted_by_system: false, subject: "CN=esx1", not_after: null };
const words = { reach: (url: string) => `at ${url}`, signIn: (user: string) => `as ${user}` };
const states = (state: ConnectState) => checkLines(state, words).map((line) => line.state);
const made = (check: ServerCheck["check"], state: ServerCheck["state"] = "good"): ServerCheck => ({ check, state, found: "so", error: null, missing: [] });

describe("the checks", () => {
  it("go one after the other", () => {
    expect(states({ at: "probing" })).toEqual(["running", "waiting", "waiting", "waiting", "waiting"]);
    expect(states({ at: "trust", certificate })).toEqual(["good", "running", "waiting", "waiting", "waiting"]);
    expect(states({ at: "adding", certificate })).toEqual(["good", "running", "waiting", "waiting", "waiting"]);
    const added = { at: "added", certificate, user: "root" } as const;
    expect(states({ ...added, proved: true, progress: { made: [made("version")], running: "licence" } })).toEqual(["good", "good", "good", "running", "waiting"]);
    expect(states({ ...added, proved: false, progress: { made: [made("reach", "failed")], running: null } })).toEqual(["failed", "waiting", "waiting", "waiting", "waiting"]);
  });
  it("stop at the one that an error belongs to", () => {
    expect(states({ at: "refused", certificate, error: fakeError("rights-missing") })).toEqual(["good", "good", "good", "good", "failed"]);
    expect(states({ at: "refused", certificate: null, error: fakeError("host-unreachable") })).toEqual(["failed", "waiting", "waiting", "waiting", "waiting"]);
  });
  it("blame reaching for an unknown error before the certificate was seen", () => {
    expect(refusedCheck("internal", null)).toBe("reach");
    expect(refusedCheck("keychain-unavailable", certificate)).toBe("sign-in");
  });
  it("say what was found", () => {
    const lines = checkLines({ at: "added", certificate, user: "root", proved: true, progress: { made: [made("version"), made("licence", "warning")], running: null } }, words);
    expect(lines.map((line) => line.found)).toEqual(["at https://esx1/sdk", "as root", "so", "so", null]);
    expect(lines[3]?.state).toBe("warning");
  });
  it("name a server by its host", () => {
    expect(serverName("https://esx1.lan:8443/sdk")).toBe("esx1.lan");
    expect(serverName("odd")).toBe("odd");
  });
});

describe("the recovery key", () => {
  it("falls into its groups however it is written", () => {
    expect(keyGroups("KURA-7Q2M XN4D\n90HT")).toEqual(["KURA", "7Q2M", "XN4D", "90HT"]);
  });
  it("minds neither case nor blanks, but every letter", () => {
    expect(sameGroup(" 7q2m ", "7Q2M")).toBe(true);
    expect(sameGroup("7Q2N", "7Q2M")).toBe(false);
    expect(sameGroup("", "7Q2M")).toBe(false);
    expect(sameGroup("lO2M", "102M")).toBe(true);
  });
});
