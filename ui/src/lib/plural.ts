/** English nouns only: Japanese has no plural. "1 VM", "5 VMs". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
}
