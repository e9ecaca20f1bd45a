/** How well a passphrase resists guessing, in steps the interface shows. */
export type Strength = "empty" | "weak" | "fair" | "strong";

/** A lower bound of the guesses it takes, in bits: repeated and stepping characters count little. */
export function passphraseBits(text: string): number {
  const symbols = [...text];
  const pool =
    (/\p{Ll}/u.test(text) ? 26 : 0) + (/\p{Lu}/u.test(text) ? 26 : 0) + (/\d/.test(text) ? 10 : 0) +
    (/[\p{P}\p{S}\s]/u.test(text) ? 20 : 0) + (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text) ? 200 : 0);
  const each = Math.log2(Math.max(pool, 2));
  let bits = 0;
  symbols.forEach((symbol, index) => {
    const before = symbols[index - 1]?.codePointAt(0);
    const step = before === undefined ? undefined : (symbol.codePointAt(0) ?? 0) - before;
    const repeated = symbols.indexOf(symbol) < index;
    if (step === 0 || step === 1 || step === -1) bits += 1;
    else bits += repeated ? each * 0.6 : each;
  });
  return bits;
}

/** The step to show: strong holds against offline guessing beside Argon2id, weak does not. */
export function passphraseStrength(text: string): Strength {
  if (text === "") return "empty";
  const bits = passphraseBits(text);
  if (bits < 36 || [...text].length < 10) return "weak";
  return bits < 60 ? "fair" : "strong";
}
