import type { Catalog } from "../catalog/index.ts";
import { loadedParser, quoteIdent, type Statement } from "../sql/index.ts";
import { named, tableChange, tableIn } from "./lookup.ts";

export interface RanStatement {
  readonly statement: Statement;
  /** The catalogs on both sides of it. */
  readonly before: Catalog;
  readonly after: Catalog;
}

/**
 * A statement that makes an index, a constraint or statistics and does not say how they are called, with the name that
 * Postgres has chosen. Without it each run would make another one.
 *
 * @param searchPath where it looks names up
 * @returns undefined for any other statement
 */
export function namedStatement(
  ran: RanStatement,
  searchPath: readonly string[],
): string | undefined {
  const { sql } = ran.statement;
  const name = missingName(ran, searchPath);
  if (name === undefined) return undefined;
  const { tokens } = loadedParser().scanSync(sql);
  const words = tokens.filter(({ tokenName }) => !tokenName.endsWith("COMMENT"));
  const next = words.find(
    ({ text }, n) =>
      words[n - 1]?.text.toUpperCase() === name.behind &&
      (name.before === undefined || name.before.has(text.toUpperCase())),
  );
  if (next === undefined) return undefined;
  const at = next.start;
  const bytes = Buffer.from(sql, "utf8");
  return `${bytes.toString("utf8", 0, at)}${name.text} ${bytes.toString("utf8", at)}`;
}

interface MissingName {
  /** The word that it belongs behind, the first of its kind. */
  readonly behind: string;
  /** What may stand behind it. */
  readonly before?: ReadonlySet<string>;
  readonly text: string;
}

/** What a constraint begins with. */
const constraintWords = new Set(["CHECK", "EXCLUDE", "FOREIGN", "NOT", "PRIMARY", "UNIQUE"]);

function missingName(
  { statement: { node }, before, after }: RanStatement,
  searchPath: readonly string[],
): MissingName | undefined {
  if ("IndexStmt" in node && node.IndexStmt.idxname === undefined) {
    const { relation, concurrent } = node.IndexStmt;
    const indexes = ({ tables, materializedViews }: Catalog) =>
      relation === undefined
        ? []
        : (named(tables, relation, searchPath) ?? named(materializedViews, relation, searchPath))
            ?.indexes;
    const name = added(indexes(before), indexes(after));
    return name === undefined
      ? undefined
      : { behind: concurrent === true ? "CONCURRENTLY" : "INDEX", text: name };
  }
  if ("CreateStatsStmt" in node && node.CreateStatsStmt.defnames === undefined) {
    const name = added(Object.values(before.statistics), Object.values(after.statistics));
    return name === undefined ? undefined : { behind: "STATISTICS", text: name };
  }
  const change = tableChange(node, before, searchPath);
  const { subtype, def } = change?.command ?? {};
  if (change === undefined || subtype !== "AT_AddConstraint" || def === undefined) return undefined;
  if (!("Constraint" in def) || def.Constraint.conname !== undefined) return undefined;
  const name = added(change.table.constraints, tableIn(after, change.table)?.constraints);
  return name === undefined
    ? undefined
    : { behind: "ADD", before: constraintWords, text: `CONSTRAINT ${name}` };
}

type Names = readonly { readonly name: string }[];

/** The one that was not there before, quoted. */
function added(before: Names = [], after: Names = []): string | undefined {
  const had = new Set(before.map(({ name }) => name));
  const [only, ...more] = after.filter(({ name }) => !had.has(name));
  return only === undefined || more.length > 0 ? undefined : quoteIdent(only.name);
}
