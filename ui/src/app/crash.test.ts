import { afterEach, describe, expect, it, vi } from "vitest";
import { showCrash } from "./crash";

describe("the screen of last resort", () => {
  afterEach(() => {
    document.body.replaceChildren();
    vi.restoreAllMocks();
  });

  it("fills an empty window with the fault as text, never as markup", () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    document.body.innerHTML = '<div id="root"></div>';
    showCrash(new Error("<img src=x onerror=alert(1)>"));
    const box = document.getElementById("crash");
    expect(box).toHaveAttribute("data-whole");
    expect(box?.querySelector("img")).toBeNull();
    expect(box?.textContent).toContain("<img src=x");
  });

  it("is a strip beside a window that still works", () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    document.body.innerHTML = '<div id="root"><p>alive</p></div>';
    showCrash("gone");
    expect(document.getElementById("crash")).not.toHaveAttribute("data-whole");
  });

  it("does not mind observers that need another frame", () => {
    document.body.innerHTML = '<div id="root"></div>';
    showCrash("ResizeObserver loop completed with undelivered notifications.");
    expect(document.getElementById("crash")).toBeNull();
  });
});
