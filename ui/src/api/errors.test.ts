import { describe, expect, it } from "vitest";
import { fakeError } from "@/platform/fake/data";
import { ApiError, errorView } from "./errors";

describe("errors", () => {
  it("pass the back end's words on unchanged", () => {
    const view = fakeError("login-refused");
    expect(errorView(view)).toBe(view);
    expect(errorView(new ApiError(view))).toBe(view);
  });
  it("keep what was thrown as a detail and never show it as the title", () => {
    const view = errorView(new TypeError("x is undefined"));
    expect(view.code).toBe("internal");
    expect(view.title).toBe("");
    expect(view.detail).toContain("x is undefined");
    expect(errorView("plain text").detail).toBe("plain text");
    expect(errorView({ odd: true }).detail).toBe('{"odd":true}');
  });
});
