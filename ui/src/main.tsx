import "./language-guard";
import "./app/crash";
import { start } from "./app/start";
import { tauri } from "./platform/tauri";

start(tauri);
