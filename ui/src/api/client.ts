import { useMutation, useQuery, type keepPreviousData, type UseMutationResult, type UseQueryResult } from "@tanstack/react-query";
import { usePlatform } from "@/platform/context";
import type { Platform } from "@/platform/types";
import { ApiError, errorView } from "./errors";
import type { Commands } from "./generated/Commands";

export type CommandName = keyof Commands;
export type RequestOf<Name extends CommandName> = Commands[Name]["request"];
export type ResponseOf<Name extends CommandName> = Commands[Name]["response"];

/** Sends one command, typed by the back end's own table. Rejects with `ApiError`. */
export async function call<Name extends CommandName>(platform: Platform, name: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
  try {
    return (await platform.call(name, request)) as ResponseOf<Name>;
  } catch (thrown) {
    throw new ApiError(errorView(thrown));
  }
}

/** Key of a command's answer in the query cache. */
export function keyOf<Name extends CommandName>(name: Name, request: RequestOf<Name>): [Name, RequestOf<Name>] {
  return [name, request];
}

interface CommandQueryOptions {
  enabled?: boolean;
  /** Keeps the last answer in sight while a changed request is answered. */
  placeholderData?: typeof keepPreviousData;
}

/** The answer of a reading command, kept fresh by events. */
export function useCommand<Name extends CommandName>(name: Name, request: RequestOf<Name>, options: CommandQueryOptions = {}): UseQueryResult<ResponseOf<Name>, ApiError> {
  const platform = usePlatform();
  return useQuery<ResponseOf<Name>, ApiError>({ queryKey: keyOf(name, request), queryFn: () => call(platform, name, request), ...options });
}

/** A command that changes something. Events bring what it changed. */
export function useAction<Name extends CommandName>(name: Name): UseMutationResult<ResponseOf<Name>, ApiError, RequestOf<Name>> {
  const platform = usePlatform();
  return useMutation<ResponseOf<Name>, ApiError, RequestOf<Name>>({ mutationKey: [name], mutationFn: (request) => call(platform, name, request) });
}
