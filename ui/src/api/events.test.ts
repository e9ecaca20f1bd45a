import { QueryClient } from "@tanstack/react-query";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeRun } from "@/platform/fake/runs";
import { EventSink } from "./events";
import type { Event as BackEvent } from "./generated/Event";
import { RunStore } from "./run-store";

function event(seq: number, more: Partial<BackEvent>): BackEvent {
  return { seq, topic: "settings", id: null, run: null, ...more };
}

const run = () => new FakeRun("run-1", { kind: "backup", server: "esx1", repository: "NAS", items: [{ name: "A", capacity: 10, bytes: 10 }], result: null }, 2);

describe("events", () => {
  let queries: QueryClient;
  let runs: RunStore;
  let sink: EventSink;
  const old = (name: string) => queries.getQueryState([name, {}])?.isInvalidated;

  beforeEach(() => {
    queries = new QueryClient();
    runs = new RunStore();
    sink = new EventSink(queries, runs);
    for (const name of ["servers.list", "points.list", "runs.list", "settings.get"]) queries.setQueryData([name, {}], {});
  });

  it("make only those answers old that they are about", () => {
    sink.accept(event(7, { topic: "servers" }));
    expect([old("servers.list"), old("points.list")]).toEqual([true, false]);
  });

  it("put progress into the run store and ask nothing again", () => {
    const going = run();
    sink.accept(event(1, { topic: "run", run: going.view }));
    queries.setQueryData(["runs.list", {}], {});
    going.step();
    sink.accept(event(2, { topic: "run", run: going.view }));
    expect(runs.get("run-1")?.items[0]?.phase).toBe("check");
    expect(old("runs.list")).toBe(false);
  });

  it("ask for the list again when a run ends", () => {
    const going = run();
    sink.accept(event(1, { topic: "run", run: going.view }));
    queries.setQueryData(["runs.list", {}], {});
    while (going.step());
    sink.accept(event(2, { topic: "run", run: going.view }));
    expect(old("runs.list")).toBe(true);
  });

  it("make everything old when some were missed", () => {
    sink.accept(event(1, { topic: "run", run: run().view }));
    sink.accept(event(3, { topic: "settings" }));
    expect([old("servers.list"), old("points.list"), old("settings.get")]).toEqual([true, true, true]);
    expect(runs.get("run-1")).toBeUndefined();
  });

  it("ignore what is no event", () => {
    sink.accept("hello");
    sink.accept(null);
    expect(old("servers.list")).toBe(false);
  });
});
