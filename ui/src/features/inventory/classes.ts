import type { ClassView } from "@/api/generated/ClassView";

/** The classes of VMs, those that matter most first. */
export const classKeys: readonly ClassView[] = ["critical", "normal", "archive"];
