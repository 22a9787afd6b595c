import type { SelectStmt } from "@pgsql/types";
import type { Relation, TypeUse } from "../../effects/index.ts";
import type { StatementSource } from "../fix-source.ts";
import { partsOf } from "../subject.ts";
import { nodesOf } from "../tree-search.ts";
import { sqlName, sqlRelation } from "../sql-names.ts";
import type { Change } from "./change.ts";

const rows = 1000;

/**
 * An UPDATE or DELETE done again in batches: in the order of the primary key, each batch a transaction, no row visited
 * twice or left out. It must not run inside a transaction block (COMMIT in a DO block: manual 41.8).
 *
 * @param text the statement's own text
 * @param inBlock true for a statement of a PL/pgSQL block, whose names may be variables of the block
 * @returns undefined when the table has no primary key of one column, when the statement has a WITH or RETURNING, or
 *   when it may look at a variable of the block
 */
export function inBatches(
  text: StatementSource,
  change: Change,
  table: Relation | undefined,
  inBlock = false,
): string | undefined {
  const key = table === undefined ? undefined : singleKey(table);
  const head = headOf(text);
  const conditions = conditionsOf(text, change);
  if (table === undefined || key === undefined || head === undefined || conditions === undefined)
    return undefined;
  if (inBlock && !looksOnlyAt(table, change)) return undefined;
  const type = typeSql(key.type);
  const column = sqlName(key.name);
  const from = sqlRelation(table);
  const target = `${sqlName(change.relation.alias?.aliasname ?? change.relation.relname!)}.${column}`;
  const where = [`${target} = ANY (keys)`, ...conditions.map((one) => `(${one})`)];
  return `-- Run this outside a transaction: each batch commits by itself.
DO $$
DECLARE
  keys ${type}[] := ARRAY(SELECT ${column} FROM ${from} ORDER BY ${column} LIMIT ${rows});
BEGIN
  WHILE cardinality(keys) > 0 LOOP
    ${head}
    WHERE ${where.join("\n      AND ")};
    COMMIT;
    keys := ARRAY(SELECT ${column} FROM ${from} WHERE ${column} > keys[cardinality(keys)] ORDER BY ${column} LIMIT ${rows});
  END LOOP;
END $$;`;
}

function looksOnlyAt(table: Relation, { expressions, relation }: Change): boolean {
  const columns = new Set(table.columns.map(({ name }) => name));
  const names = [relation.relname, relation.alias?.aliasname];
  return nodesOf(expressions, "ColumnRef").every(({ fields = [] }) => {
    const [name = "", qualifier] = fields.flatMap(partsOf).toReversed();
    return columns.has(name) && (qualifier === undefined || names.includes(qualifier));
  });
}

function singleKey(table: Relation): { readonly name: string; readonly type: TypeUse } | undefined {
  const primary = table.constraints.find(({ kind }) => kind === "primary-key");
  if (primary?.kind !== "primary-key" || primary.columns.length !== 1) return undefined;
  const column = table.columns.find(({ name }) => name === primary.columns[0]);
  return column?.type.schema === undefined ? undefined : { name: column.name, type: column.type };
}

function typeSql({ schema, name }: TypeUse): string {
  return schema === "pg_catalog" ? sqlName(name) : `${sqlName(schema!)}.${sqlName(name)}`;
}

/** The statement up to its WHERE. */
function headOf(text: StatementSource): string | undefined {
  const first = text.tokens[0]?.text.toUpperCase();
  if (first !== "UPDATE" && first !== "DELETE") return undefined;
  if (text.find("RETURNING") !== undefined) return undefined;
  return text.slice(0, text.find("WHERE") ?? text.tokens.length);
}

/**
 * What a row must meet: the pick's own condition when the statement picks its rows with LIMIT, else its WHERE.
 * @returns undefined when it is not found in the text: a condition must never be lost
 */
function conditionsOf(
  text: StatementSource,
  { picked, where }: Change,
): readonly string[] | undefined {
  const outer = text.find("WHERE");
  if (where === undefined) return [];
  if (outer === undefined) return undefined;
  if (picked === undefined) return [text.slice(outer + 1, text.tokens.length)];
  if (picked.whereClause === undefined) return [];
  const condition = pickedCondition(text, picked, outer);
  return condition === undefined ? undefined : [condition];
}

const afterWhere = ["GROUP", "ORDER", "LIMIT", "OFFSET", "FETCH", "FOR"];

function pickedCondition(
  text: StatementSource,
  { fromClause = [] }: SelectStmt,
  outer: number,
): string | undefined {
  const [from] = fromClause;
  if (from === undefined || !("RangeVar" in from)) return undefined;
  const table = text.at(from.RangeVar.location);
  const inner = table > outer ? text.find("WHERE", table) : undefined;
  if (inner === undefined) return undefined;
  const ends = afterWhere.flatMap((word) => text.find(word, inner) ?? []);
  const closing = closingParenthesis(text, inner);
  return text.slice(inner + 1, Math.min(closing, ...ends));
}

function closingParenthesis(text: StatementSource, from: number): number {
  let depth = 0;
  for (let index = from; index < text.tokens.length; index++) {
    if (text.tokens[index]!.text === "(") depth++;
    if (text.tokens[index]!.text === ")" && --depth < 0) return index;
  }
  return text.tokens.length;
}
