import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";
import { dismissAll } from "@/components/toasts";

// jsdom draws nothing, so everything is 0 wide and a virtual list would show no row.
for (const [name, size] of [["clientWidth", 1200], ["clientHeight", 900], ["offsetWidth", 1200], ["offsetHeight", 900]] as const) {
  Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => size });
}
// jsdom has no canvas and says so loudly; charts then leave their sentence only.
HTMLCanvasElement.prototype.getContext = () => null;
window.matchMedia = (query: string) => ({ matches: query.includes("reduced-motion"), media: query, onchange: null, addEventListener: () => undefined, removeEventListener: () => undefined, addListener: () => undefined, removeListener: () => undefined, dispatchEvent: () => false });
Element.prototype.scrollTo = () => undefined;
Element.prototype.scrollIntoView = () => undefined;
window.scrollTo = () => undefined;
document.execCommand = vi.fn(() => true);

// The first screen of a test file is fetched and compiled first.
configure({ asyncUtilTimeout: 5000 });

afterEach(() => {
  cleanup();
  // Lines at the lower right belong to the window, not to a screen: one of the last test would stay for the next.
  dismissAll();
  localStorage.clear();
  location.hash = "";
});
