/** The groups of a recovery key as it is written: parted by hyphens or spaces. */
export function keyGroups(key: string): string[] {
  return key.split(/[\s-]+/).filter((group) => group !== "");
}

/** Letters that are read as digits, as the key's alphabet has it. */
function plain(text: string): string {
  return text.replaceAll(/[\s-]/g, "").toUpperCase().replaceAll(/[IL]/g, "1").replaceAll("O", "0");
}

/** Whether what was typed is the group; case, blanks and I, L, O for 1, 1, 0 do not matter. */
export function sameGroup(typed: string, group: string): boolean {
  return plain(typed) === plain(group);
}
