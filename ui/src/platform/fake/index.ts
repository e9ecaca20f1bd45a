export { FakePlatform, type FakeOptions } from "./platform";
export { scenario, scenarioNames, type ScenarioName } from "./scenarios";
