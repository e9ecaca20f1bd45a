import { plural } from "@/lib/plural";

export const common = {
  back: "Back",
  cancel: "Cancel",
  close: "Close",
  tryAgain: "Try again",
  details: "Details",
  copyText: "Copy as text",
  copied: "Copied.",
  notNow: "Not now",
  unknown: "not known",
  of: (done: string, total: string, unit: string) => `${done} of ${total} ${unit}`,
  disks: (count: number) => plural(count, "disk"),
  free: (free: string, total: string) => `${free} of ${total} free`,
  noMatch: (text: string) => `Nothing called “${text}” here.`,
  reading: "Reading…",
  readingLong: "This takes longer than usual. You may go on elsewhere.",
};

export const shell = {
  nav: "Main",
  home: "Home",
  inventory: "Inventory",
  calendar: "Calendar",
  restore: "Restore",
  storage: "Storage",
  activity: "Activity",
  settings: "Settings",
  engineReady: "Engine\nready",
  engineRunning: (count: number) => plural(count, "run"),
  recovering: "Cleaning up",
  recoveringFact: "Kuramori was cut off last time and is taking its own snapshots away.",
  notices: "Notices",
  needs: (count: number) => (count === 1 ? "1 thing needs you" : `${count} things need you`),
  restoreButton: "Restore",
  skip: "Skip to the content",
  notFoundTitle: "There is nothing at this address.",
  notFoundText: "The run or VM may be gone.",
  notFoundAction: "Go to Home",
  language: "Language",
};

export const failure = {
  what: "What happened",
  risk: "Is my data at risk?",
  doThis: "Do this",
  screenTitle: "This screen stopped working.",
  screenRisk: "No. Runs go on; only the window is affected.",
  screenWhy: "A fault of ours. The details say where.",
  unexpectedTitle: "Something did not work, and it is our fault.",
  unexpectedRisk: "Recovery points that exist are not touched.",
  bringBack: "Go to Home",
};
