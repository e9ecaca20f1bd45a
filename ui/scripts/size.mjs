// Builds in memory and adds up, gzipped, what the first screens need: the entry, their routes and all they import.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const limit = 350_000;
const result = await build({ configFile: fileURLToPath(new URL("../vite.config.ts", import.meta.url)), logLevel: "error", build: { write: false } });
const output = result.output;
const named = new Map(output.map((file) => [file.fileName, file]));
const bytes = (file) => gzipSync(file.type === "chunk" ? file.code : file.source).length;

let failed = false;
for (const screen of ["home", "first-start"]) {
  const needed = new Set();
  const take = (file) => {
    if (!file || needed.has(file)) return;
    needed.add(file);
    for (const name of file.imports ?? []) take(named.get(name));
    for (const name of file.viteMetadata?.importedCss ?? []) take(named.get(name));
  };
  take(output.find((file) => file.type === "chunk" && file.isEntry));
  take(output.find((file) => file.type === "chunk" && file.facadeModuleId?.endsWith(`/routes/${screen}.tsx`)));
  const sum = [...needed].reduce((total, file) => total + bytes(file), 0);
  console.log(`${screen}: ${(sum / 1000).toFixed(1)} kB gzipped of ${limit / 1000}`);
  failed ||= sum > limit;
}
if (output.some((file) => file.type === "chunk" && /FakePlatform|scripted back end/.test(file.code))) {
  console.error("The scripted back end is in the product.");
  failed = true;
}
process.exit(failed ? 1 : 0);
