import "../src/language-guard";
import "../src/app/crash";
import { start } from "../src/app/start";
import { startGallery } from "./Gallery";
import { scenario, scenarioNames } from "../src/platform/fake";

// ?fake=NAME chooses the situation, &language=ja and &theme=dark the appearance.
const query = new URLSearchParams(location.search);
const name = scenarioNames.find((known) => known === query.get("fake")) ?? "shop";
const language = query.get("language") === "ja" ? "ja" : "en";
const theme = query.get("theme");
const settings = { language, theme: theme === "dark" || theme === "light" ? theme : "system", check_updates: true, load: { limit: null, from: 0, to: 0, per_host: 2, per_datastore: 2 }, recycle_bin_hours: 24 } as const;
const root = document.getElementById("root");
const list = query.get("gallery");
if (list !== null && root) {
  // ?gallery=NAME shows one list in every state.
  startGallery(root, list, settings);
} else {
  // The router would take what stands before the # for its own.
  history.replaceState(null, "", location.pathname + location.hash);
  start(scenario(name, { settings }));
}
