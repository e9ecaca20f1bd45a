/** Something that can be found and gone to. */
export interface Find<Target> {
  id: string;
  name: string;
  /** In mute beside the name; searched too. */
  second: string;
  target: Target;
}

/** How well a text answers what was typed: 0 is best, null is not at all. Every word has to be in it somewhere. */
export function rank(words: readonly string[], name: string, second: string): number | null {
  const [whole, beside] = [name.toLowerCase(), second.toLowerCase()];
  let sum = 0;
  for (const word of words) {
    const at = whole.indexOf(word);
    if (at === 0) continue;
    if (at > 0) sum += /[\s\-_.·/(]/.test(whole.charAt(at - 1)) ? 1 : 2;
    else if (beside.includes(word)) sum += 4;
    else return null;
  }
  return sum;
}

export function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

/** The best of a list, in its own order where they are equally good. */
export function best<Target>(list: readonly Find<Target>[], words: readonly string[], most: number): Find<Target>[] {
  const found: { find: Find<Target>; rank: number }[] = [];
  for (const find of list) {
    const good = rank(words, find.name, find.second);
    if (good !== null) found.push({ find, rank: good });
  }
  return found.sort((a, b) => a.rank - b.rank).slice(0, most).map((one) => one.find);
}
