import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { Platform } from "@/platform/types";
import "@/styles/tokens.css";
import "@/styles/base.css";
import { App } from "./App";

/** Puts the application on the page. */
export function start(platform: Platform): void {
  const root = document.getElementById("root");
  if (!root) throw new Error("The page has no element with the id root.");
  createRoot(root).render(<StrictMode><App platform={platform} /></StrictMode>);
}
