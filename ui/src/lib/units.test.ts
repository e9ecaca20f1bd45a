import { describe, expect, it } from "vitest";
import { bytesOf, bytesText, percent, rateText } from "./units";

const GiB = 1024 ** 3;

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [1023, "1,023 B"],
    [1024, "1.0 KiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [412.6 * GiB, "412.6 GiB"],
    [1.2 * 1024 * GiB, "1.2 TiB"],
    [-5, "0 B"],
  ])("%d is %s", (count, text) => expect(bytesText(count)).toBe(text));

  it("never prints 1,024.0 of a unit", () => {
    for (let power = 1; power < 5; power += 1) expect(bytesText(1024 ** power - 1)).not.toContain("1,024.0");
  });

  it("puts both sides of an of into the unit of the whole", () => {
    expect(bytesOf(512 * 1024 ** 2, 54.7 * GiB)).toEqual({ done: "0.5", total: "54.7", unit: "GiB" });
  });

  it("writes rates a second", () => expect(rateText(78 * 1024 ** 2)).toBe("78.0 MiB/s"));
});

describe("percent", () => {
  it("is 100 only when all is done", () => {
    expect(percent(999_999, 1_000_000)).toBe(99);
    expect(percent(1_000_000, 1_000_000)).toBe(100);
  });
  it("holds for nothing to do and for nothing known", () => {
    expect(percent(0, 0)).toBe(100);
    expect(percent(-1, 10)).toBe(0);
  });
});
