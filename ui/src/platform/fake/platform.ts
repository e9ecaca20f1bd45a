import type { CommandName, RequestOf, ResponseOf } from "@/api/client";
import type { AlertView } from "@/api/generated/AlertView";
import type { ErrorView } from "@/api/generated/ErrorView";
import type { Event as BackEvent } from "@/api/generated/Event";
import type { InventoryView } from "@/api/generated/InventoryView";
import type { JobView } from "@/api/generated/JobView";
import type { PointView } from "@/api/generated/PointView";
import type { RepositoryView } from "@/api/generated/RepositoryView";
import type { RunView } from "@/api/generated/RunView";
import type { ServerView } from "@/api/generated/ServerView";
import type { Autostart } from "@/api/generated/Autostart";
import type { SettingsView } from "@/api/generated/SettingsView";
import type { UpdatesView } from "@/api/generated/UpdatesView";
import { copyText } from "../clipboard";
import type { Platform } from "../types";
import type { FakeChecks } from "./checks";
import { commands } from "./commands";
import { updatesView } from "./updates";
import type { FakeRun } from "./runs";

/** What the scripted back end starts with and how it behaves. */
export interface FakeOptions {
  servers?: ServerView[];
  repositories?: RepositoryView[];
  inventories?: InventoryView[];
  points?: PointView[];
  runs?: RunView[];
  jobs?: JobView[];
  alerts?: AlertView[];
  settings?: SettingsView;
  updates?: Partial<UpdatesView>;
  /** Milliseconds each answer takes. */
  latency?: number;
  /** Commands that never answer, to look at waiting. */
  stuck?: readonly CommandName[];
  /** Commands that are refused. */
  refused?: Partial<Record<CommandName, ErrorView>>;
  /** Milliseconds between two steps of a run; steps each VM's reading takes. */
  runPace?: number;
  runSteps?: number;
  /** Whether the certificate is one the computer trusts. */
  trustedBySystem?: boolean;
  /** Error that adding a server ends with. */
  addFailsWith?: ErrorView | null;
  /** Checks of servers that do not end well. */
  checks?: FakeChecks;
  /** Folder or file that the pick dialog answers with. */
  picked?: string | null;
}

export type Handlers = { [Name in CommandName]: (back: FakePlatform, request: RequestOf<Name>) => ResponseOf<Name> };

/** A back end in memory, for tests and screenshots. It answers in the shapes of the real one. */
export class FakePlatform implements Platform {
  readonly options: Required<Pick<FakeOptions, "latency" | "runPace" | "runSteps">> & FakeOptions;
  servers: ServerView[];
  repositories: RepositoryView[];
  inventories: InventoryView[];
  points: PointView[];
  runs: RunView[];
  jobs: JobView[];
  alerts: AlertView[];
  settings: SettingsView;
  autostart: Autostart = "off";
  updates: UpdatesView;
  live = new Map<string, FakeRun>();
  /** Every command that was sent, for tests. */
  readonly sent: { command: string; request: unknown }[] = [];
  copied: string | null = null;
  printed = 0;
  #listeners = new Set<(event: unknown) => void>();
  #seq = 0;

  constructor(options: FakeOptions = {}) {
    this.options = { latency: 0, runPace: 10, runSteps: 4, ...options };
    this.servers = options.servers ?? [];
    this.repositories = options.repositories ?? [];
    this.inventories = options.inventories ?? [];
    this.points = options.points ?? [];
    this.runs = options.runs ?? [];
    this.jobs = options.jobs ?? [];
    this.alerts = options.alerts ?? [];
    this.settings = options.settings ?? { language: "en", theme: "system", check_updates: true, load: { limit: null, from: 0, to: 0, per_host: 2, per_datastore: 2 }, recycle_bin_hours: 24 };
    this.updates = updatesView(options.updates);
  }

  async call(command: string, request: unknown): Promise<unknown> {
    this.sent.push({ command, request });
    const name = command as CommandName;
    if (this.options.stuck?.includes(name)) return new Promise(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, this.options.latency));
    const refusal = this.options.refused?.[name];
    if (refusal) throw refusal;
    const handler = commands[name] as (back: FakePlatform, request: unknown) => unknown;
    // What crosses the real line is JSON: nothing else may get through here either.
    return JSON.parse(JSON.stringify(handler(this, request))) as unknown;
  }

  subscribe(listener: (event: unknown) => void): Promise<() => void> {
    this.#listeners.add(listener);
    return Promise.resolve(() => this.#listeners.delete(listener));
  }

  emit(topic: BackEvent["topic"], id: string | null = null, run: RunView | null = null): void {
    this.#seq += 1;
    const event: BackEvent = { seq: this.#seq, topic, id, run };
    for (const listener of this.#listeners) listener(JSON.parse(JSON.stringify(event)));
  }

  /** Begins a run and moves it on by the clock. */
  begin(run: FakeRun, ended: (view: RunView) => void): void {
    this.live.set(run.view.id, run);
    const keep = () => {
      this.runs = [run.view, ...this.runs.filter((other) => other.id !== run.view.id)];
      this.emit("run", run.view.id, run.view);
    };
    keep();
    const timer = setInterval(() => {
      const more = run.step();
      if (!more) {
        clearInterval(timer);
        this.live.delete(run.view.id);
        ended(run.view);
      }
      keep();
    }, this.options.runPace);
  }

  pickFolder(): Promise<string | null> {
    return Promise.resolve(this.options.picked === undefined ? "/mnt/usb/backups" : this.options.picked);
  }

  pickFile(): Promise<string | null> {
    return Promise.resolve(this.options.picked === undefined ? "/media/usb/kuramori-0.2.0.kupdate" : this.options.picked);
  }

  pickSaveFile({ name }: { name: string }): Promise<string | null> {
    return Promise.resolve(`/home/admin/${name}`);
  }

  saveText({ name }: { name: string }): Promise<string | null> {
    return Promise.resolve(`/home/admin/${name}`);
  }

  async copyText(text: string): Promise<void> {
    this.copied = text;
    await copyText(text).catch(() => undefined);
  }

  print(): void {
    this.printed += 1;
  }
}
