let skipped = false;

/** "Skip and look around" holds until the window is closed. */
export function skipFirstStart(): void {
  skipped = true;
}

export function skippedFirstStart(): boolean {
  return skipped;
}
