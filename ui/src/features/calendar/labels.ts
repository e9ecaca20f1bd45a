/** A bar that would like its name beside it; places are parts of the lane's width. */
export interface Labelled {
  id: string;
  left: number;
  right: number;
  text: string;
}

export interface Placed {
  id: string;
  text: string;
  where: "right" | "left" | "inside";
  /** Where it begins, or ends when it stands at the left. */
  at: number;
}

const gap = 10;
const least = 7;

/** Roughly how wide a text is in 11 px: characters of Chinese script are about twice as wide as others. */
export function textWidth(text: string): number {
  let width = 0;
  for (const symbol of text) width += (symbol.codePointAt(0) ?? 0) > 0x2e80 ? 11.5 : 6.3;
  return width;
}

/** Names go where there is room: inside a long bar, right of it, or left of it; one that stands there already is not said twice in a row. */
export function placeLabels(bars: readonly Labelled[], width: number): Placed[] {
  const placed: Placed[] = [];
  let taken = 0;
  const said = new Set<string>();
  const ordered = [...bars].sort((a, b) => a.left - b.left);
  ordered.forEach((bar, index) => {
    const end = Math.max(bar.right * width, bar.left * width + least);
    const need = textWidth(bar.text) + gap * 1.6;
    const next = ordered[index + 1]?.left ?? 1;
    const before = taken;
    taken = Math.max(taken, end);
    if (said.has(bar.text)) return;
    const put = (where: Placed["where"], at: number) => { placed.push({ id: bar.id, text: bar.text, where, at: at / width }); said.add(bar.text); };
    if (bar.right * width - bar.left * width >= need) put("inside", bar.left * width);
    else if (next * width - end >= need) {
      put("right", end);
      taken = end + need;
    } else if (bar.left * width - before >= need) put("left", bar.left * width);
  });
  return placed;
}
