import { describe, expect, it } from "vitest";
import { pickLanguage } from "./language";
import { passphraseBits, passphraseStrength } from "./passphrase";
import { plural } from "./plural";

describe("plural", () => {
  it("is one for one only", () => {
    expect([plural(0, "VM"), plural(1, "VM"), plural(1500, "VM")]).toEqual(["0 VMs", "1 VM", "1,500 VMs"]);
  });
});

describe("language", () => {
  it("takes the first tag we speak", () => {
    expect(pickLanguage(["de-DE", "ja-JP", "en-US"])).toBe("ja");
    expect(pickLanguage(["de"])).toBe("en");
    expect(pickLanguage([])).toBe("en");
  });
});

describe("passphrase", () => {
  it("does not take length for strength", () => {
    expect(passphraseStrength("aaaaaaaaaaaaaaaaaaaaaaaaa")).toBe("weak");
    expect(passphraseStrength("abcdefghijklmnop")).toBe("weak");
    expect(passphraseStrength("1234567890123456")).toBe("weak");
  });
  it("likes unrelated words", () => {
    expect(passphraseStrength("amber kettle north violin")).toBe("strong");
    expect(passphraseStrength("")).toBe("empty");
    expect(passphraseStrength("Tr0ub4d")).toBe("weak");
  });
  it("never falls when something is added", () => {
    let bits = 0;
    for (let end = 1; end <= 30; end += 1) {
      const next = passphraseBits("amber kettle north violin ocean".slice(0, end));
      expect(next).toBeGreaterThanOrEqual(bits);
      bits = next;
    }
  });
});
