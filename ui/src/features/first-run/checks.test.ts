import { describe, expect, it } from "vitest";
import { fakeError } from "@/platform/fake/data";
import { checkLines, refusedCheck, serverName, type ConnectState } from "./checks";
import { keyGroups, sameGroup } from "./recovery-key";

const certificate = { url: "https://esx1/sdk", sha256: "AA:BB", trusted_by_system: false, subject: "CN=esx1", not_after: null };
const words = { reach: (url: string, product: string | null) => `${product ?? ""}at ${url}`, certificate: () => "trusted", signIn: (user: string) => `as ${user}`, vms: (count: number) => `${count} VMs` };
const states = (state: ConnectState) => checkLines(state, words).map((line) => line.state);

describe("the checks", () => {
  it("go one after the other", () => {
    expect(states({ at: "probing" })).toEqual(["running", "waiting", "waiting", "waiting"]);
    expect(states({ at: "trust", certificate })).toEqual(["passed", "running", "waiting", "waiting"]);
    expect(states({ at: "adding", certificate })).toEqual(["passed", "passed", "running", "waiting"]);
  });
  it("stop at the one that an error belongs to", () => {
    expect(states({ at: "refused", certificate, error: fakeError("licence-restricted") })).toEqual(["passed", "passed", "passed", "failed", "waiting"]);
    expect(states({ at: "refused", certificate: null, error: fakeError("host-unreachable") })).toEqual(["failed", "waiting", "waiting", "waiting"]);
  });
  it("blame reaching for an unknown error before the certificate was seen", () => {
    expect(refusedCheck("internal", null)).toBe("reach");
    expect(refusedCheck("keychain-unavailable", certificate)).toBe("sign-in");
  });
  it("take what the back end found, and what the probe saw", () => {
    const lines = checkLines({ at: "checked", certificate, checks: [{ check: "rights", passed: false, found: "8 of 11", error: fakeError("rights-missing") }] }, words);
    expect(lines.find((line) => line.kind === "reach")).toMatchObject({ state: "passed", found: "at https://esx1/sdk" });
    expect(lines.find((line) => line.kind === "rights")).toMatchObject({ state: "failed", found: "8 of 11" });
  });
  it("say what was found in words", () => {
    const passed = (check: "reach" | "sign-in" | "inventory", found: string) => ({ check, passed: true, found, error: null });
    const lines = checkLines({ at: "checked", certificate, checks: [passed("reach", "ESXi 8 "), passed("sign-in", "root"), passed("inventory", "11")] }, words);
    expect(lines.map((line) => line.found)).toEqual(["ESXi 8 at https://esx1/sdk", "trusted", "as root", "11 VMs"]);
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
