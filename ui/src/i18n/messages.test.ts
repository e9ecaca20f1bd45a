import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { messages } from "./messages";

type Section = Record<string, string | ((...facts: never[]) => string)>;

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return name === "i18n" || name === "generated" ? [] : sources(path);
    return /\.tsx?$/.test(name) && !/\.test\./.test(name) ? [readFileSync(path, "utf8")] : [];
  });
}

const keys = Object.entries(messages.en).flatMap(([section, texts]) => Object.keys(texts).map((key) => `${section}.${key}`));

describe("the texts", () => {
  it("are all used", () => {
    const all = sources(join(import.meta.dirname, "..")).join("\n");
    // Some take their section as their own t.
    const own = ["runs", "calendar"];
    const unused = keys.filter((key) => {
      const [section, name] = key.split(".");
      return !new RegExp(`\\bt\\.${section}\\.${name}\\b`).test(all) && !(own.includes(section ?? "") && new RegExp(`\\bt\\.${name}\\b`).test(all));
    });
    expect(unused).toEqual([]);
  });

  it("are there in both languages, and nothing is left in English", () => {
    const same: string[] = [];
    for (const [section, texts] of Object.entries(messages.en)) {
      for (const [key, text] of Object.entries(texts as Section)) {
        const other = (messages.ja as unknown as Record<string, Section>)[section]?.[key];
        expect(typeof other, `${section}.${key}`).toBe(typeof text);
        if (typeof text === "string" && text === other) same.push(text);
      }
    }
    const names = ["English", "Kuramori", "SHA-256", "VM", "VMware Tools", "vCenter", "日本語"];
    expect([...new Set(same)].sort()).toEqual(names.sort());
  });

  it("end sentences with the full stop of their language", () => {
    const wrong: string[] = [];
    for (const [section, texts] of Object.entries(messages.en)) {
      for (const [key, text] of Object.entries(texts as Section)) {
        const other = (messages.ja as unknown as Record<string, Section>)[section]?.[key];
        if (typeof text !== "string" || typeof other !== "string") continue;
        if (other.includes(". ") || other.endsWith(".")) wrong.push(`${section}.${key}`);
        if (/[。、]/.test(text)) wrong.push(`${section}.${key}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
