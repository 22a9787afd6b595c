import type { Catalog } from "../catalog/index.ts";
import { tokensOf } from "./trigger-body.ts";

/**
 * What somebody has to know before a name goes: which routines still stand behind it in the end. Postgres knows no
 * dependency of a body that is text, and looks its names up when it runs (manual, Dependency Tracking).
 *
 * @param goal catalog at the end of the migration
 * @param name of a relation, without its schema
 * @param last what the relation is called with its schema
 */
export function staleRoutineNotes(goal: Catalog, name: string, last: string): readonly string[] {
  const { tables, views, materializedViews } = goal;
  const isTaken = [tables, views, materializedViews].some((all) =>
    Object.values(all).some((one) => one.name === name),
  );
  if (isTaken) return [];
  const written = new Set(
    [name, `"${name.replaceAll('"', '""')}"`].map((one) => one.toLowerCase()),
  );
  const found = Object.entries(goal.routines).flatMap(([called, { language, body }]) =>
    textual.has(language) && tokensOf(body).some((token) => written.has(token)) ? [called] : [],
  );
  if (found.length === 0) return [];
  return [
    `from the contract phase on nothing is called ${last}; routines in whose text that name stands fail then, unless they mean something else: ${found.toSorted().join(", ")}`,
  ];
}

/** Languages whose functions are kept as text. */
const textual: ReadonlySet<string> = new Set(["plpgsql", "sql"]);
