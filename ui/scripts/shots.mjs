// Takes pictures of the screens over the scripted back end: `npm run build:fake && npm run shots [-- NAME…]`.
// Needs Chromium (CHROMIUM names another program than `chromium`). Pictures go to node_modules/.cache/shots, or to --out=FOLDER.
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { preview } from "vite";

const out = process.argv.find((word) => word.startsWith("--out="))?.slice(6);
const folder = out ? `${out.replace(/\/$/, "")}/` : fileURLToPath(new URL("../node_modules/.cache/shots/", import.meta.url));
mkdirSync(folder, { recursive: true });

const id = (name) => `[data-testid="${name}"]`;
const wait = (milliseconds) => (page) => page.waitForTimeout(milliseconds);
const click = (name) => (page) => page.click(id(name));
const fill = (name, text) => (page) => page.fill(`#${name}`, text);


const connect = [fill("server-url", "esx1.shop.lan"), fill("server-user", "root"), fill("server-password", "secret"), click("server-test"), wait(500)];
const trusted = [...connect, click("trust-yes"), wait(1600)];
const kept = [...trusted, click("first-run-next"), wait(700)];
const filled = [...kept, fill("repository-passphrase", "amber kettle north"), fill("repository-passphrase-again", "amber kettle north"), wait(200)];
const keyed = [...filled, click("repository-make"), wait(500)];
const proved = [...keyed, async (page) => {
  const key = (await page.getAttribute(id("recovery-key"), "data-key")).split("-");
  for (const index of [1, 2]) {
    const group = Number(await page.getAttribute(id(`recovery-key-asked-${index}`), "data-group"));
    await page.fill(`#recovery-key-group-${index}`, key[group - 1]);
  }
}, wait(100)];
const protect = [...proved, click("recovery-key-kept"), wait(700)];

/** name: scenario, address, steps before the picture. */
const shots = {
  "first-start": ["empty", "/first-start", [wait(300)]],
  "first-trust": ["empty", "/first-start", connect],
  "first-checked": ["empty", "/first-start", trusted],
  "first-licence": ["licence", "/first-start", trusted],
  "first-rights": ["rights", "/first-start", trusted],
  "first-role": ["empty", "/first-start", [wait(300), click("role-show"), wait(300)]],
  "first-unreachable": ["empty", "/first-start", [fill("server-url", "nowhere.lan"), fill("server-password", "x"), click("server-test"), wait(500)]],
  "first-missing": ["empty", "/first-start", [click("server-test"), wait(100)]],
  "first-keep": ["empty", "/first-start", filled],
  "first-key": ["empty", "/first-start", proved],
  "first-protect": ["empty", "/first-start", protect],
  home: ["busy", "/", [wait(500)]],
  "home-none": ["shop", "/", [wait(400)]],
  "home-empty": ["empty", "/inventory", [wait(300)]],
  "home-live": ["live", "/", [wait(9000)]],
  "home-troubled": ["troubled", "/", [wait(400)]],
  "home-slow": ["slow", "/", [wait(1500)]],
  inventory: ["shop", "/inventory", [wait(400)]],
  "inventory-vm": ["shop", "/inventory?server=server-1&vm=vm-14", [wait(400)]],
  "inventory-special": ["busy", "/inventory?server=server-1&vm=vm-16", [wait(400)]],
  "inventory-exclude": ["busy", "/inventory?server=server-1&vm=vm-14", [wait(400), click("vm-exclude"), wait(300)]],
  "inventory-classes": ["busy", "/inventory?server=server-1&vm=vm-14", [wait(400), click("classes-edit"), wait(300)]],
  "inventory-points": ["shop", "/inventory?server=server-1&vm=vm-18&tab=points", [wait(400)]],
  "inventory-many": ["many", "/inventory", [wait(600)]],
  "inventory-storage": ["many", "/inventory", [wait(400), click("inventory-order-storage"), wait(400)]],
  "inventory-tags": ["shop", "/inventory", [wait(400), click("inventory-order-tags"), wait(400)]],
  "inventory-gone": ["moved", "/inventory?server=server-1&vm=vm-100", [wait(400)]],
  "inventory-under": ["moved", "/inventory?server=server-2", [wait(400), click("inventory-order-tags"), wait(300)]],
  "inventory-slow": ["slow", "/inventory", [wait(1500)]],
  "inventory-troubled": ["troubled", "/inventory?server=server-2", [wait(1500)]],
  calendar: ["week", "/calendar", [wait(500)]],
  "calendar-entry": ["week", "/calendar", [wait(500), click("calendar-earlier"), wait(300), (page) => page.locator('[data-testid="calendar-entry"][data-state="failed"]').last().click(), wait(300)]],
  "calendar-move": ["week", "/calendar", [wait(500), async (page) => { await page.locator('[data-testid="calendar-entry"][data-state="planned"][data-name="Office VMs"]').first().focus(); for (const key of ["m", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key); }, wait(300)]],
  "calendar-next": ["week", "/calendar", [wait(500), click("calendar-later"), wait(300)]],
  "calendar-month": ["week", "/calendar?view=month", [wait(500)]],
  "calendar-found": ["week", "/calendar", [wait(500), fill("calendar-find", "file02"), wait(300)]],
  "calendar-empty": ["empty", "/calendar", [wait(400)]],
  "calendar-slow": ["slow", "/calendar", [wait(1500)]],
  live: ["live", "/activity/run-5", [wait(15000)]],
  "live-stop": ["live", "/activity/run-5", [wait(4000), click("run-stop"), wait(300)]],
  "run-done": ["shop", "/activity/run-4", [wait(300)]],
  "run-failed": ["shop", "/activity/run-3", [wait(300)]],
  jobs: ["busy", "/jobs", [wait(400)]],
  "jobs-menu": ["busy", "/jobs", [wait(400), (page) => page.locator(id("job-menu")).first().click(), wait(250)]],
  "jobs-empty": ["shop", "/jobs", [wait(300)]],
  "jobs-slow": ["slow", "/jobs", [wait(1500)]],
  "jobs-dead": ["dead", "/jobs", [wait(600)]],
  "jobs-many": ["manyJobs", "/jobs", [wait(600)]],
  "jobs-run": ["busy", "/jobs", [wait(400), (page) => page.locator(id("job-menu")).first().click(), wait(250), click("job-menu-run"), wait(400)]],
  "jobs-delete": ["busy", "/jobs", [wait(400), (page) => page.locator(id("job-menu")).first().click(), wait(250), click("job-menu-delete"), wait(400)]],
  "jobs-command": ["busy", "/jobs", [wait(400), (page) => page.locator(id("job-menu")).first().click(), wait(250), click("job-menu-command"), wait(400)]],
  "job-new": ["busy", "/jobs/new", [wait(400)]],
  "job-new-source": ["busy", "/jobs/new", [wait(400), (page) => page.getByTestId("source-group").filter({ hasText: "esx2.shop.lan" }).click(), wait(200), (page) => page.locator(`${id("source-vm")}[data-name="PRINT01"]`).click(), wait(300)]],
  "job-rule": ["busy", "/jobs/new", [wait(400), click("rule-add"), fill("rule-value-0", "*01"), click("rule-more"), wait(900)]],
  "job-rules": ["busy", "/jobs/new", [wait(400), click("rule-add"), fill("rule-value-0", "*01"), click("rule-done"), wait(300), click("rule-add-out"), fill("rule-value-0", "test*"), click("rule-done"), wait(300), (page) => page.locator(id("source-disks")).first().click(), wait(900)]],
  "job-source": ["busy", "/jobs/job-1", [wait(400)]],
  "job-destination": ["troubled", "/jobs/new?step=destination", [wait(400)]],
  "job-schedule": ["busy", "/jobs/job-1?step=schedule", [wait(600)]],
  "job-hours": ["busy", "/jobs/job-2?step=schedule", [wait(400), click("schedule-hours-0"), click("hours-quiet"), wait(200), async (page) => {
    // Painted by dragging: two hours of the middle of the week.
    await page.hover(id("hour-2-11"));
    await page.mouse.down();
    await page.hover(id("hour-2-13"));
    await page.hover(id("hour-3-13"));
    await page.mouse.up();
    await page.hover(id("hour-5-3"));
    if ((await page.getAttribute(id("hour-3-13"), "aria-selected")) !== "true" || (await page.getAttribute(id("hour-2-12"), "aria-selected")) !== "true" || (await page.getAttribute(id("hour-5-3"), "aria-selected")) !== "true") throw new Error("dragging does not paint");
  }, wait(300)]],
  "job-window": ["busy", "/jobs/job-1?step=schedule", [wait(400), click("schedule-hours-0"), fill("schedule-from-0", "2027-02-28"), fill("schedule-until-0", "06:00"), (page) => page.keyboard.press("Enter"), click("propose"), wait(400)]],
  "job-retention": ["busy", "/jobs/job-1?step=retention", [wait(400)]],
  "job-retention-rules": ["busy", "/jobs/job-4?step=retention", [wait(400)]],
  "job-plan": ["busy", "/jobs/job-1?step=schedule", [wait(400), click("schedule-add-working-days-evening"), wait(200), async (page) => { if (await page.getByTestId("job-plan-open").isVisible()) await page.getByTestId("job-plan-open").click(); }, wait(300)]],
  "job-found": ["busy", "/jobs/new", [wait(400), (page) => page.locator(`${id("source-vm")}[data-name="DC01"]`).click(), click("job-close"), wait(200), click("job-new"), wait(400)]],
  "job-options": ["busy", "/jobs/job-2?step=options", [wait(400)]],
  activity: ["week", "/activity", [wait(500)]],
  "activity-alarms": ["busy", "/activity", [wait(500)]],
  "activity-live": ["live", "/activity", [wait(4000)]],
  "activity-needs": ["week", "/activity?show=needs", [wait(300)]],
  "activity-runs": ["week", "/activity?show=runs", [wait(300)]],
  "activity-empty": ["empty", "/activity", [wait(300)]],
  restore: ["shop", "/restore", [wait(400)]],
  "restore-when": ["shop", "/restore?vm=SQL01", [wait(400)]],
  "restore-many": ["many", "/restore", [wait(600)]],
  "restore-empty": ["empty", "/restore", [wait(400)]],
  "restore-slow": ["slow", "/restore", [wait(1500)]],
  "restore-where": ["shop", "/restore?vm=SQL01", [wait(400), click("restore-next"), wait(400)]],
  "restore-disk": ["shop", "/restore?vm=SQL01", [wait(400), click("restore-next"), wait(400), (page) => page.getByText(/image file|イメージファイル/).first().click(), wait(200)]],
  "restore-over": ["shop", "/restore?vm=SQL01", [wait(400), click("restore-next"), wait(400), click("restore-advanced"), click("restore-as-over"), wait(400)]],
  "restore-over-preview": ["shop", "/restore?vm=SQL01", [wait(400), click("restore-next"), wait(400), click("restore-advanced"), click("restore-as-over"), wait(400), (page) => page.getByTestId("restore-confirm").fill("SQL01"), click("restore-preview"), wait(400)]],
  "restore-preview": ["shop", "/restore?vm=SQL01", [wait(400), click("restore-next"), wait(400), click("restore-preview"), wait(400)]],
  "restore-done": ["shop", "/restore?vm=SQL01", [wait(400), click("restore-next"), wait(400), click("restore-preview"), wait(400), click("restore-start"), wait(1500)]],
  storage: ["shop", "/storage", [wait(500)]],
  "storage-troubled": ["troubled", "/storage?place=repository-2", [wait(500)]],
  "storage-alarm": ["troubled", "/storage", [wait(500)]],
  "storage-empty": ["empty", "/storage", [wait(400)]],
  "storage-slow": ["slow", "/storage", [wait(1500)]],
  palette: ["week", "/", [wait(400), click("find"), wait(400)]],
  "palette-found": ["week", "/", [wait(400), click("find"), wait(300), fill("palette-input", "sql"), wait(400)]],
  "palette-nothing": ["week", "/", [wait(400), click("find"), wait(300), fill("palette-input", "zzz"), wait(400)]],
  shortcuts: ["week", "/calendar", [wait(400), (page) => page.keyboard.press("?"), wait(300)]],
  settings: ["shop", "/settings", [wait(300)]],
  "settings-servers": ["troubled", "/settings?section=servers", [wait(300)]],
  "settings-checked": ["limited", "/settings?section=servers", [wait(300), click("server-test-server-1"), wait(900)]],
  "settings-repositories": ["troubled", "/settings?section=repositories", [wait(300)]],
  "settings-notices": ["troubled", "/settings?section=notices", [wait(300), click("notice-test-mail"), wait(300)]],
  "settings-notices-new": ["shop", "/settings?section=notices", [wait(300), click("notice-test-desktop"), click("ping-add"), wait(300)]],
  "settings-load": ["shop", "/settings?section=load", [wait(300), click("load-limit"), wait(200), click("load-limit-20"), wait(300)]],
  "settings-accept": ["troubled", "/settings?section=repositories", [wait(300), click("repository-accept-repository-1"), wait(300)]],
  "settings-mount": ["shop", "/settings?section=servers", [wait(300), click("mount-add-server-1"), wait(300), click("mount-choose"), wait(300)]],
  "settings-mounted": ["shop", "/settings?section=servers", [wait(300), click("mount-add-server-1"), wait(300), click("mount-choose"), wait(300), click("mount-save"), wait(600)]],
  "settings-add": ["shop", "/settings?section=servers&add=true", [wait(400)]],
  "updates-newest": ["shop", "/settings?section=updates", [wait(300)]],
  "updates-newer": ["newer", "/settings?section=updates", [wait(300)]],
  "updates-download": ["newer", "/settings?section=updates", [wait(300), click("update-install"), wait(1400)]],
  "updates-run": ["live", "/settings?section=updates", [wait(300)]],
  "updates-back": ["takenBack", "/settings?section=updates", [wait(300)]],
  "updates-done": ["updated", "/settings?section=updates", [wait(300)]],
  "updates-packaged": ["packaged", "/settings?section=updates", [wait(300)]],
  "updates-keyless": ["keyless", "/settings?section=updates", [wait(300)]],
  "home-back": ["takenBack", "/", [wait(400)]],
  dead: ["dead", "/", [wait(600)]],
  // One list in every state a list can be in.
  ...Object.fromEntries(["home", "inventory", "jobs", "points", "calendar", "month", "storage", "activity", "runs", "servers", "repositories"].map((list) => [`gallery-${list}`, ["gallery", list, [wait(3500)]]])),
};

const wanted = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const flag = (name, fallback) => process.argv.find((word) => word.startsWith(`--${name}=`))?.split("=")[1] ?? fallback;
const themes = flag("theme", "light").split(",");
const tongues = flag("language", "en").split(",");
const sizes = flag("size", "1280x800").split(",");
// --contrast=forced: the colours of a high contrast theme.
const forced = flag("contrast", "") === "forced";

// What the desktop shell imposes holds here too: its policy and frozen prototypes.
const shell = JSON.parse(readFileSync(new URL("../../src-tauri/tauri.conf.json", import.meta.url), "utf8")).app.security;
const policy = shell.csp;
// The announcer of react-aria keeps its spoken lines for a while; they are not on the screen.
const axe = `${readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8")}; axe.run({ exclude: [["[data-live-announcer]"]] }, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }).then((found) => found.violations)`;
const server = await preview({ mode: "fake", configFile: fileURLToPath(new URL("../vite.config.ts", import.meta.url)), preview: { port: Number(flag("port", "5199")), headers: { "Content-Security-Policy": policy } } });
const base = server.resolvedUrls.local[0];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--force-device-scale-factor=1"] });
let faults = 0;
for (const [name, [situation, address, steps]] of Object.entries(shots)) {
  if (wanted.length > 0 && !wanted.some((word) => name === word || (word.endsWith("*") && name.startsWith(word.slice(0, -1))))) continue;
  for (const size of sizes) for (const theme of themes) for (const language of tongues) {
    const gallery = situation === "gallery";
    const [width, height] = gallery ? [2640, 2320] : size.split("x").map(Number);
    const context = await browser.newContext({ viewport: { width, height }, ...(forced ? { forcedColors: "active" } : {}) });
    if (shell.freezePrototype) await context.addInitScript("Object.freeze(Object.prototype)");
    const page = await context.newPage();
    page.on("console", (message) => { if (situation !== "dead" && ["error", "warning"].includes(message.type())) { faults += 1; console.log(`  ${name}: ${message.text().slice(0, 400)}`); } });
    page.on("pageerror", (error) => { faults += 1; console.log(`  ${name}: ${error.message}`); });
    await page.goto(gallery ? `${base}?gallery=${address}&language=${language}&theme=${theme}` : `${base}?fake=${situation}&language=${language}&theme=${theme}#${address}`);
    try {
      for (const step of steps) await step(page);
    } catch (error) {
      faults += 1;
      console.log(`  ${name}: ${error.message.split("\n")[0]}`);
    }
    for (const { id: rule, impact, nodes } of await page.evaluate(axe)) {
      // A rule about colours does not see those that the theme puts in their place.
      if (forced && rule === "color-contrast") continue;
      faults += 1;
      console.log(`  ${name}: ${rule} (${impact}) ${nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.failureSummary.split("\n").at(-1).trim()}`).join(" | ").slice(0, 600)}`);
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    if (wide) { faults += 1; console.log(`  ${name}: wider than the window`); }
    await page.screenshot({ path: `${folder}${name}-${size}-${theme}-${language}${forced ? "-forced" : ""}.png` });
    await context.close();
  }
  console.log(name);
}
await browser.close();
await new Promise((resolve) => server.httpServer.close(resolve));
console.log(`${faults} faults`);
process.exit(faults === 0 ? 0 : 1);
