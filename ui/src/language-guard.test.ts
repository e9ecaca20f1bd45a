import { describe, expect, it } from "vitest";
import { guardLanguage } from "./language-guard";

describe("the language guard", () => {
  it("replaces what Intl refuses, as a web view reports it in the locale C", () => {
    const target = { language: "C", languages: ["C"] };
    expect(() => new Intl.NumberFormat(target.language)).toThrow(RangeError);
    guardLanguage(target);
    expect(target.language).toBe("en-US");
    expect(() => new Intl.NumberFormat(target.languages as string[])).not.toThrow();
  });
  it("keeps the good ones in their order", () => {
    const target = { language: "C", languages: ["C", "ja-JP", "en-US"] };
    guardLanguage(target);
    expect(target.languages).toEqual(["ja-JP", "en-US"]);
  });
  it("leaves a good setting alone", () => {
    const target = { language: "ja", languages: ["ja", "en"] };
    expect(guardLanguage(target)).toBeNull();
    expect(target.language).toBe("ja");
  });
});
