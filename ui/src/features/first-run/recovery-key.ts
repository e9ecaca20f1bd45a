/** The groups of a recovery key as it is written: parted by hyphens or spaces. */
export function keyGroups(key: string): string[] {
  return key.split(/[\s-]+/).filter((group) => group !== "");
}

/** Which two groups to type back (from 0): one from the first half, one from the second, not always the same. */
export function groupsToProve(count: number, random: () => number = Math.random): [number, number] {
  const half = Math.max(1, Math.floor(count / 2));
  const first = Math.floor(random() * half);
  const second = half + Math.floor(random() * Math.max(1, count - half));
  return [first, Math.min(second, Math.max(0, count - 1))];
}

/** Letters that are read as digits, as the key's alphabet has it. */
function plain(text: string): string {
  return text.replaceAll(/[\s-]/g, "").toUpperCase().replaceAll(/[IL]/g, "1").replaceAll("O", "0");
}

/** Whether what was typed is the group; case, blanks and I, L, O for 1, 1, 0 do not matter. */
export function sameGroup(typed: string, group: string): boolean {
  return plain(typed) === plain(group);
}
