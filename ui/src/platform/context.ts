import { createContext, use } from "react";
import type { Platform } from "./types";

export const PlatformContext = createContext<Platform | null>(null);

/** The outside world as the application was given it. */
export function usePlatform(): Platform {
  const platform = use(PlatformContext);
  if (!platform) throw new Error("usePlatform needs a PlatformContext above it.");
  return platform;
}
