import { defaultSearchPath } from "../world/index.ts";
import type { SessionState } from "./state.ts";

/**
 * Schemas in which a name without one is looked for, in order, read as SplitIdentifierString does (varlena.c).
 * `"$user"` is left out: migrations run as one role without a schema of its name; so is `pg_catalog`, always searched.
 */
export function searchPathOf({ settings }: Pick<SessionState, "settings">): readonly string[] {
  const value = settings.get("search_path");
  if (value === undefined) return defaultSearchPath;
  if (value !== latest.value) latest = { value, path: read(value) };
  return latest.path;
}

/** Statement after statement has the same one. */
let latest: { readonly value: string; readonly path: readonly string[] } = { value: "", path: [] };

function read(value: string): readonly string[] {
  const parts = value.match(/"(?:[^"]|"")*"|[^",\s]+/g) ?? [];
  return parts
    .map((part) =>
      part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.toLowerCase(),
    )
    .filter((schema) => schema !== "" && schema !== "$user" && schema !== "pg_catalog");
}
