import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { App } from "@/app/App";
import { scenario, type FakeOptions, type FakePlatform, type ScenarioName } from "@/platform/fake";

/** The whole application over a scripted back end, at an address. */
export function open(address: string, name: ScenarioName = "shop", options: FakeOptions = {}): { back: FakePlatform; user: ReturnType<typeof userEvent.setup> } {
  location.hash = `#${address}`;
  const back = scenario(name, { latency: 0, runPace: 5, settings: { language: "en", theme: "system", check_updates: true, load: { limit: null, from: 0, to: 0, per_host: 2, per_datastore: 2 }, recycle_bin_hours: 24 }, ...options });
  const user = userEvent.setup();
  render(<App platform={back} />);
  return { back, user };
}

/** The requests of a command, in the order they were sent. */
export function sentTo(back: FakePlatform, command: string): unknown[] {
  return back.sent.filter((one) => one.command === command).map((one) => one.request);
}

/** Types into a field found by its test id, replacing what was there. */
export async function type(user: ReturnType<typeof userEvent.setup>, testId: string, text: string): Promise<void> {
  const field = await screen.findByTestId(testId);
  await user.clear(field);
  await user.type(field, text);
}

/** Presses a button once it may be pressed. */
export async function press(user: ReturnType<typeof userEvent.setup>, testId: string): Promise<void> {
  const button = await screen.findByTestId(testId, {}, { timeout: 5000 });
  await waitFor(() => {
    if (button.matches(":disabled, [data-disabled], [data-pending]")) throw new Error(`${testId} cannot be pressed yet`);
  });
  await user.click(button);
}
