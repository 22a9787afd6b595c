import { defaultSearchPath, type SessionState } from "../effects/index.ts";

/** Schemas in which a name without one is looked for, in order; `"$user"` is left out, for it names nobody here. */
export function searchPathOf(session: Pick<SessionState, "settings">): readonly string[] {
  const value = session.settings.get("search_path");
  if (value === undefined) return defaultSearchPath;
  return value
    .split(",")
    .map((part) => part.trim())
    .map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part))
    .filter((schema) => schema !== "" && schema !== "$user");
}
