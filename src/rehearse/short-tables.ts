import type { FilledClone } from "../clone/index.ts";
import type { Work } from "../effects/index.ts";
import type { QualifiedName } from "../sql/index.ts";
import type { RehearsedStatement } from "./model.ts";

/** Share of its rows that a table may lack: what works on it is as long as with all, by far less than the range is wide. */
const lackable = 0.1;

/** Tables that could not be filled, by name; how long work on them takes in production no clone without their rows can tell. */
export type ShortTables = ReadonlyMap<
  QualifiedName,
  { readonly rows: number; readonly wanted: number }
>;

/** Those of one clone; where the source has few rows, one more or less is no matter. */
export function shortTables({ tables }: Pick<FilledClone, "tables">): ShortTables {
  return new Map(
    tables.flatMap(({ relation, rows, wanted }) =>
      wanted - rows > Math.max(1, wanted * lackable) ? [[relation, { rows, wanted }] as const] : [],
    ),
  );
}

/** Share of the source's bytes that a clone lacks with the rows of short tables. */
export function lackedShare(clone: Pick<FilledClone, "tables">): number {
  const short = shortTables(clone);
  const bytes = (tables: FilledClone["tables"]) =>
    tables.reduce((all, { wantedBytes }) => all + wantedBytes, 0);
  return (
    bytes(clone.tables.filter(({ relation }) => short.has(relation))) /
    Math.max(1, bytes(clone.tables))
  );
}

/**
 * The short tables that a statement works on: as it was seen, and where it was not (steps of plans), all that its text may name.
 * @param work undefined where nobody looked
 */
export function shortOf(
  { sql, work }: { readonly sql: string; readonly work: readonly Work[] | undefined },
  short: ShortTables,
): readonly QualifiedName[] {
  if (work === undefined)
    return [...short.keys()].filter((relation) => sql.includes(endOf(relation)));
  const read = new Set(work.flatMap(relationsOf));
  return [...short.keys()].filter((relation) => read.has(relation));
}

function relationsOf(work: Work): readonly QualifiedName[] {
  if (work.kind === "rewrite" && work.emptied === true) return [];
  return work.kind === "foreign-key-check" ? [work.relation, work.parent] : [work.relation];
}

/** What of a name stands in every text that names the relation: without its schema and its quotes. */
function endOf(relation: QualifiedName): string {
  return relation.slice(relation.lastIndexOf(".") + 1).replaceAll('"', "");
}

/** Why statements have no estimate, one line each. */
export function shortRemarks(
  statements: readonly RehearsedStatement[],
  short: ShortTables,
): readonly string[] {
  return statements.flatMap(({ file, line, sql, effect }) =>
    shortOf({ sql, work: effect?.work }, short).map((relation) => {
      const { rows, wanted } = short.get(relation)!;
      return `${file}:${line} has no estimate: its time is that of ${relation} with ${rows} of ${wanted} rows`;
    }),
  );
}
