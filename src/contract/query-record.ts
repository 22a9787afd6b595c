import { qualifiedName } from "../catalog/index.ts";
import { isLockstepError } from "../errors/index.ts";
import type { Session } from "../pg/index.ts";
import type { Scratch } from "../scratch/index.ts";
import { loadParser, parseSql } from "../sql/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { statementsOf } from "./origins.ts";
import type { FiledQuery } from "./query-file.ts";
import { resolveQuery, type RefusedQuery, type ResolvedQuery } from "./query-resolve.ts";
import { queryKinds, textOfQuery } from "./query-text.ts";
import { catalogOnScratch } from "./scratch-ddl.ts";

/** A text of SQL that a program sent, with the places in its sources that are known to have sent it. */
export interface HeardText {
  readonly sql: string;
  readonly places: readonly string[];
}

/** What a program asks of its database. */
export interface RecordedQueries {
  /** By their places, then by their texts: a change in the code changes few lines of the file. */
  readonly queries: readonly FiledQuery[];
  /** Statements that the migrations' own database does not take: they name what the tests have made for themselves. */
  readonly leftOut: readonly { readonly sql: string; readonly why: string }[];
}

/**
 * Makes of what a program sent the statements that its code asks with: those that read or write rows of the schema, without
 * values, each once, and such as the server takes on the database that the migrations make.
 */
export async function recordedQueries(
  heard: readonly HeardText[],
  folder: MigrationFolder,
  scratch: Scratch,
): Promise<RecordedQueries> {
  await loadParser();
  const texts = await statementsIn(heard);
  const queries = new Map<string, { query: FiledQuery; places: Set<string> }>();
  const leftOut = new Map<string, string>();
  const ledger = folder.ledger && qualifiedName(folder.ledger.schema, folder.ledger.table);
  await catalogOnScratch(scratch, await statementsOf(folder), async (session) => {
    for (const [sql, places] of texts) {
      const taken = await takenAs(sql, session);
      if ("refused" in taken) {
        leftOut.set(taken.sql, taken.refused);
        continue;
      }
      const relations = taken.tables.map(({ relation }) => relation);
      if (relations.length === 0 && taken.functions.length === 0) continue;
      if (relations.some((one) => one === ledger || one.startsWith("lockstep."))) continue;
      const { sql: text, types } = taken;
      const known = queries.get(text) ?? {
        query: { sql: text, types, from: [] },
        places: new Set(),
      };
      queries.set(text, known);
      for (const place of places) known.places.add(place);
    }
  });
  const all = [...queries.values()].map(({ query, places }) => ({
    ...query,
    from: [...places].sort(byPlace),
  }));
  return {
    queries: all.sort(inOrder),
    leftOut: [...leftOut].map(([sql, why]) => ({ sql, why })),
  };
}

/** Those of a known place first. */
function inOrder(one: FiledQuery, other: FiledQuery): number {
  const [a] = one.from;
  const [b] = other.from;
  if ((a === undefined) !== (b === undefined)) return a === undefined ? 1 : -1;
  return (a === undefined ? 0 : byPlace(a, b!)) || (one.sql < other.sql ? -1 : 1);
}

/** `src/a.ts:9` comes before `src/a.ts:41`. */
function byPlace(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Statements that read or write rows, with their places. */
async function statementsIn(
  heard: readonly HeardText[],
): Promise<ReadonlyMap<string, Set<string>>> {
  const texts = new Map<string, Set<string>>();
  for (const { sql, places } of heard) {
    const statements = await parseSql(sql, "a recorded statement").catch((error: unknown) => {
      if (isLockstepError(error)) return [];
      throw error;
    });
    for (const statement of statements) {
      if (!queryKinds.has(statement.kind)) continue;
      const known = texts.get(statement.sql) ?? new Set();
      texts.set(statement.sql, known);
      for (const place of places) known.add(place);
    }
  }
  return texts;
}

/** Without values, in the first of several ways that the server takes; constants that are names are put back. */
async function takenAs(sql: string, session: Session): Promise<ResolvedQuery | RefusedQuery> {
  let last: RefusedQuery | undefined;
  for (const apart of [false, true]) {
    const text = textOfQuery(sql, { apart });
    const taken = await resolveQuery({ ...text, from: [] }, session);
    if ("refused" in taken) {
      last ??= taken;
      continue;
    }
    const kept = taken.parameters.flatMap(({ isName }, at) =>
      isName ? (text.constants[at] ?? []) : [],
    );
    if (kept.length === 0) return taken;
    const again = await resolveQuery({ ...textOfQuery(sql, { apart, kept }), from: [] }, session);
    return "refused" in again ? taken : again;
  }
  return last!;
}
