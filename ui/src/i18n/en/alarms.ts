export const alarms = {
  title: "Alarms",
  weights: { red: "Act now", amber: "Look soon" },
  kinds: { late: "late", missed: "missed", "never-saved": "never saved", "unusual-change": "unusual change", history: "broken history", "old-snapshot": "old snapshot", clock: "clock" },
  look: (subject: string) => `Look at ${subject}`,
  release: "Release…",
  releaseYes: "Release the alarm",
  released: "Released.",
  endsItself: "Ends by itself once the reason is gone.",
  askChange: (vm: string) => `Release it only if these changes of ${vm} are yours. Rules may then delete recovery points again, the held one too.`,
  askHistory: "Release it only if the repository is as it should be. Rules may then delete recovery points again.",
  unread: (why: string) => `Alarms are not known: ${why}`,
};
