import type { ErrorCode } from "./generated/ErrorCode";
import type { ErrorView } from "./generated/ErrorView";

export type { ErrorCode, ErrorView };

/** What a rejected command is thrown as. Switch on `view.code` only. */
export class ApiError extends Error {
  readonly view: ErrorView;
  constructor(view: ErrorView) {
    super(view.title);
    this.name = "ApiError";
    this.view = view;
  }
}

function isErrorView(value: unknown): value is ErrorView {
  return typeof value === "object" && value !== null && "code" in value && "title" in value && "risk" in value && "hints" in value;
}

/** Makes sense of anything thrown. What is not from the back end is a fault of the window and says so in the details. */
export function errorView(thrown: unknown): ErrorView {
  if (thrown instanceof ApiError) return thrown.view;
  if (isErrorView(thrown)) return thrown;
  const detail = thrown instanceof Error ? (thrown.stack ?? `${thrown.name}: ${thrown.message}`) : typeof thrown === "string" ? thrown : JSON.stringify(thrown);
  return { code: "internal", title: "", risk: "", hints: [], detail, retry: true, seen_sha256: null };
}
