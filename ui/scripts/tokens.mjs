// Writes src/styles/tokens.css from src/styles/tokens.json. With --check it only compares and fails on a difference.
import { readFileSync, writeFileSync } from "node:fs";

const source = new URL("../src/styles/tokens.json", import.meta.url);
const target = new URL("../src/styles/tokens.css", import.meta.url);
const tokens = JSON.parse(readFileSync(source, "utf8"));

/** Follows "{color.paper.100}" to its value. */
function resolve(value) {
  const match = /^\{(.+)\}$/.exec(value);
  if (!match) return value;
  const found = match[1].split(".").reduce((node, key) => node?.[key], tokens.primitive);
  if (typeof found !== "string") throw new Error(`tokens.json: ${value} leads nowhere`);
  return found;
}

const dash = (name) => name.replaceAll(".", "-");
const lines = [];
const put = (name, value) => lines.push(`  --${name}: ${value};`);

for (const [name, token] of Object.entries(tokens.semantic.color)) {
  const [light, dark] = [resolve(token.light), resolve(token.dark)];
  put(dash(name), light === dark ? light : `light-dark(${light}, ${dark})`);
}
put("font-ui", tokens.type.family.ui);
put("font-mono", tokens.type.family.mono);
for (const [name, weight] of Object.entries(tokens.type.weight)) put(`weight-${name}`, weight);
for (const [name, scale] of Object.entries(tokens.type.scale)) {
  put(`text-${name}-size`, scale.size);
  put(`text-${name}-line`, scale.line);
  if (scale.tracking) put(`text-${name}-tracking`, scale.tracking);
}
for (const [name, value] of Object.entries(tokens.space)) put(`space-${name}`, value);
for (const [name, value] of Object.entries(tokens.radius)) put(`radius-${name}`, value);
for (const [name, value] of Object.entries(tokens.size)) put(`size-${name}`, value);
for (const [name, value] of Object.entries(tokens.motion)) if (name !== "reduced") put(`motion-${name}`, value);
for (const [name, value] of Object.entries(tokens.z)) put(`z-${name}`, value);

// light-dark() takes colours only, so each part of a shadow is transparent in the other theme.
const parts = (shadow) => (shadow === "none" ? [] : shadow.split(/,\s*/));
const split = (part) => [part.slice(0, part.lastIndexOf(" ")), part.slice(part.lastIndexOf(" ") + 1)];
for (const [name, { light, dark }] of Object.entries(tokens.shadow)) {
  const of = (shadow, wrap) => parts(shadow).map((part) => { const [shape, colour] = split(part); return `${shape} ${wrap(colour)}`; });
  put(`shadow-${name}`, [
    ...of(light, (colour) => `light-dark(${colour}, transparent)`),
    ...of(dark, (colour) => `light-dark(transparent, ${colour})`),
  ].join(", "));
}

const css = `/* Written by scripts/tokens.mjs from tokens.json. Do not edit by hand. */
:root {
${lines.join("\n")}
}

:root:lang(ja) {
  --text-tiny-line: 18px;
  --text-small-line: 18px;
  --text-base-line: 22px;
  --text-sentence-tracking: 0;
  --text-figure-tracking: 0;
  --text-display-tracking: 0;
}

@media (prefers-reduced-motion: reduce) {
  :root {
    --motion-instant: 0ms;
    --motion-quick: 0ms;
    --motion-calm: 0ms;
  }
}
`;

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== css) {
    console.error("src/styles/tokens.css is not what tokens.json says: run `npm run tokens`.");
    process.exit(1);
  }
} else {
  writeFileSync(target, css);
}
