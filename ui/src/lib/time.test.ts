import { describe, expect, it } from "vitest";
import { aboutText, dateText, durationText, estimateText, momentInText, momentText, nameDate, relativeText } from "./time";

const now = new Date(2026, 4, 8, 14, 5, 0);
const before = (hours: number) => new Date(now.getTime() - hours * 3_600_000);

describe("durations", () => {
  it.each([
    [0.4, "0.4 s"], [40, "40 s"], [72, "1 min 12 s"], [60, "1 min"], [11_400, "3 h 10 min"], [234_000, "2 d 17 h"],
  ])("%d s is %s", (seconds, text) => expect(durationText(seconds)).toBe(text));
  it("speaks Japanese without gaps", () => expect(durationText(11_400, "ja")).toBe("3時間10分"));
  it("estimates without seconds, rounded up", () => {
    expect(estimateText(59)).toBe("under 1 min");
    expect(estimateText(301)).toBe("6 min");
    expect(aboutText(301)).toBe("about 6 min");
    expect(aboutText(20)).toBe("under 1 min");
    expect(aboutText(301, "ja")).toBe("約6分");
  });
});

describe("moments", () => {
  it("names the days next to today", () => {
    expect(momentText(new Date(2026, 4, 8, 12, 0), now)).toBe("Today 12:00");
    expect(momentText(new Date(2026, 4, 7, 20, 0), now)).toBe("Yesterday 20:00");
    expect(momentText(new Date(2026, 4, 5, 20, 0), now)).toBe("Tue 5 May 20:00");
    expect(momentText(new Date(2026, 4, 5, 20, 0), now, "ja")).toBe("5月5日(火) 20:00");
  });
  it("is small inside a sentence, but a weekday keeps its capital", () => {
    expect(momentInText(new Date(2026, 4, 8, 12, 0), now)).toBe("today 12:00");
    expect(momentInText(new Date(2026, 4, 5, 20, 0), now)).toBe("Tue 5 May 20:00");
  });
  it("tells the year only when it is another", () => expect(dateText(new Date(2034, 4, 2), now)).toBe("Tue 2 May 2034"));
  it("knows midnight: one minute ago can be yesterday", () => {
    expect(momentText(new Date(2026, 4, 7, 23, 59), new Date(2026, 4, 8, 0, 0))).toBe("Yesterday 23:59");
  });
  it("rounds down what is past", () => {
    expect(relativeText(before(0.005), now)).toBe("just now");
    expect(relativeText(before(2.9), now)).toBe("2 h ago");
    expect(relativeText(before(49), now, "ja")).toBe("2日前");
  });
  it("makes a date fit for a name", () => expect(nameDate(now)).toBe("8-May"));
});
