// Draws every icon size from the SVG sources in ../icons (needs rsvg-convert, Debian package librsvg2-bin).
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../icons/", import.meta.url));
const draw = (svg, size) => execFileSync("rsvg-convert", ["-w", String(size), "-h", String(size)], { input: svg });
const big = readFileSync(`${folder}icon.svg`);
const small = readFileSync(`${folder}icon-small.svg`);
/** The big drawing holds down to 32; below that the one on the pixel grid is used. */
const icon = (size) => draw(size < 32 ? small : big, size);

for (const [name, size] of [["32x32.png", 32], ["64x64.png", 64], ["128x128.png", 128], ["128x128@2x.png", 256], ["icon.png", 512]]) {
  writeFileSync(folder + name, icon(size));
}

/** A Windows icon: a directory of PNG images. */
function ico(sizes) {
  const images = sizes.map(icon);
  const head = Buffer.alloc(6 + 16 * sizes.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(sizes.length, 4);
  let offset = head.length;
  images.forEach((image, index) => {
    const at = 6 + 16 * index;
    head.writeUInt8(sizes[index] % 256, at);
    head.writeUInt8(sizes[index] % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(image.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += image.length;
  });
  return Buffer.concat([head, ...images]);
}

/** A macOS icon: tagged PNG images. */
function icns(entries) {
  const chunks = entries.map(([type, size]) => {
    const image = icon(size);
    const head = Buffer.alloc(8);
    head.write(type, "ascii");
    head.writeUInt32BE(image.length + 8, 4);
    return Buffer.concat([head, image]);
  });
  const body = Buffer.concat(chunks);
  const head = Buffer.alloc(8);
  head.write("icns", "ascii");
  head.writeUInt32BE(body.length + 8, 4);
  return Buffer.concat([head, body]);
}

writeFileSync(`${folder}icon.ico`, ico([16, 24, 32, 48, 64, 256]));
writeFileSync(`${folder}icon.icns`, icns([["icp4", 16], ["ic11", 32], ["ic12", 64], ["ic07", 128], ["ic08", 256], ["ic09", 512], ["ic10", 1024]]));

// One colour: dark for light panels (and the macOS template), paper for dark panels.
for (const state of ["ok", "running", "warning", "failed"]) {
  const svg = readFileSync(`${folder}tray-${state}.svg`, "utf8");
  for (const [panel, colour] of [["light", "#000000"], ["dark", "#FAF8F3"]]) {
    writeFileSync(`${folder}tray-${state}-on-${panel}.png`, draw(svg.replaceAll('color="#000"', `color="${colour}"`), 32));
  }
}
