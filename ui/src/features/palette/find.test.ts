import { describe, expect, it } from "vitest";
import { best, rank, wordsOf } from "./find";

const of = (name: string, second = "") => ({ id: name, name, second, target: name });

describe("finding", () => {
  it("needs every word, in the name or beside it", () => {
    expect(rank(wordsOf("sql nas"), "SQL01", "NAS-OFFICE")).not.toBeNull();
    expect(rank(wordsOf("sql mail"), "SQL01", "NAS-OFFICE")).toBeNull();
    expect(rank(wordsOf("  "), "SQL01", "")).toBe(0);
  });
  it("puts the beginning of a name first, then the beginning of a word", () => {
    const list = [of("OLDSQL"), of("new sql"), of("MAIL01", "sql"), of("SQL01")];
    expect(best(list, ["sql"], 9).map((one) => one.name)).toEqual(["SQL01", "new sql", "OLDSQL", "MAIL01"]);
    expect(best(list, ["sql"], 1)).toHaveLength(1);
    expect(best([of("B"), of("A")], [], 9).map((one) => one.name)).toEqual(["B", "A"]);
  });
});
