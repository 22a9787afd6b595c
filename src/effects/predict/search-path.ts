import type { SessionState } from "../session/state.ts";
import { defaultSearchPath } from "../world/index.ts";

/** Schemas in which unqualified names are looked for. `"$user"` is left out: migrations run as one role without a schema. */
export function searchPathOf({ settings }: Pick<SessionState, "settings">): readonly string[] {
  const value = settings.get("search_path");
  if (value === undefined) return defaultSearchPath;
  return value
    .split(",")
    .map((part) => part.trim())
    .map((part) =>
      part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.toLowerCase(),
    )
    .filter((schema) => schema !== "" && schema !== "$user" && schema !== "pg_catalog");
}
