import { variablesFor } from "../processes/index.ts";

/** What is for the real database alone: a scratch server has no TLS and a password of its own. */
const notForScratch = ["PGPASSFILE", "PGOPTIONS", "PGSSLMODE"];

/**
 * The variables of a command that is to work on a scratch database: every one that holds a URL of a Postgres, or is usually
 * asked for one, names that database.
 *
 * @param names variables that the project itself keeps its URL in
 */
export function scratchVariables(
  url: string,
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const set = variablesFor(url, names, env);
  for (const name of notForScratch) delete set[name];
  return set;
}
