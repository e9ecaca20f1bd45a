// Faults that nothing else catches become a text one can read, never a white window. Plain DOM and no imports: it has to
// work when React or the texts themselves are what failed.

const words = {
  en: { title: "Something did not work, and it is our fault.", text: "Your backups and running backups are not affected. What follows says where it happened.", again: "Start the window again", close: "Close" },
  ja: { title: "Kuramori の不具合により、処理できませんでした。", text: "保存済みのデータと実行中のバックアップに影響はありません。発生した場所は次のとおりです。", again: "ウィンドウを開き直す", close: "閉じる" },
};

// Observers that need another frame say so as an error; it is none.
const harmless = /ResizeObserver loop/;

function describe(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.stack ?? `${thrown.name}: ${thrown.message}`;
  return typeof thrown === "string" ? thrown : JSON.stringify(thrown);
}

/** Shows a fault: over the whole window when there is no window yet, otherwise as a strip at its foot. */
export function showCrash(thrown: unknown): void {
  const detail = describe(thrown);
  if (harmless.test(detail)) return;
  console.error(thrown);
  const text = document.documentElement.lang === "ja" ? words.ja : words.en;
  const empty = !document.getElementById("root")?.hasChildNodes();
  document.getElementById("crash")?.remove();
  const box = document.createElement("section");
  box.id = "crash";
  box.dataset["testid"] = "crash";
  box.setAttribute("role", "alert");
  if (empty) box.dataset["whole"] = "";
  const title = document.createElement("h1");
  title.textContent = text.title;
  const body = document.createElement("p");
  body.textContent = text.text;
  const raw = document.createElement("pre");
  raw.textContent = detail;
  const again = document.createElement("button");
  again.textContent = text.again;
  again.addEventListener("click", () => location.reload());
  const close = document.createElement("button");
  close.textContent = text.close;
  close.addEventListener("click", () => box.remove());
  box.append(title, body, raw, again);
  if (!empty) box.append(close);
  document.body.append(box);
}

/** Catches what reaches the window. */
export function installCrashScreen(): void {
  window.addEventListener("error", (event) => showCrash(event.error ?? event.message));
  window.addEventListener("unhandledrejection", (event) => showCrash(event.reason));
}

installCrashScreen();
