import type { SelectStmt } from "@pgsql/types";
import type { Relation, TypeUse } from "../../effects/index.ts";
import type { StatementSource } from "../fix-source.ts";
import { sqlName, sqlRelation } from "../sql-names.ts";
import type { Change } from "./change.ts";

const rows = 1000;

/**
 * An UPDATE or DELETE done again in batches: in the order of the primary key, each batch a transaction, no row visited
 * twice or left out. It must not run inside a transaction block (COMMIT in a DO block: manual 41.8).
 *
 * @param text the statement's own text
 * @returns undefined when the table has no primary key of one column, or the statement has a WITH or RETURNING
 */
export function inBatches(
  text: StatementSource,
  change: Change,
  table: Relation | undefined,
): string | undefined {
  const key = table === undefined ? undefined : singleKey(table);
  const head = headOf(text);
  if (table === undefined || key === undefined || head === undefined) return undefined;
  const type = typeSql(key.type);
  const column = sqlName(key.name);
  const from = sqlRelation(table);
  const target = `${sqlName(change.relation.alias?.aliasname ?? change.relation.relname!)}.${column}`;
  const condition = conditionOf(text, change);
  const where = condition === undefined ? "" : `\n      AND (${condition})`;
  return `-- Run this outside a transaction: each batch commits by itself.
DO $$
DECLARE
  keys ${type}[] := ARRAY(SELECT ${column} FROM ${from} ORDER BY ${column} LIMIT ${rows});
BEGIN
  WHILE cardinality(keys) > 0 LOOP
    ${head}
    WHERE ${target} = ANY (keys)${where};
    COMMIT;
    keys := ARRAY(SELECT ${column} FROM ${from} WHERE ${column} > keys[cardinality(keys)] ORDER BY ${column} LIMIT ${rows});
  END LOOP;
END $$;`;
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

/** What a row must meet: the pick's own condition when the statement picks its rows with LIMIT, else its WHERE. */
function conditionOf(text: StatementSource, { picked, where }: Change): string | undefined {
  const outer = text.find("WHERE");
  if (outer === undefined || where === undefined) return undefined;
  if (picked === undefined) return text.slice(outer + 1, text.tokens.length);
  return pickedCondition(text, picked, outer);
}

const afterWhere = ["GROUP", "ORDER", "LIMIT", "OFFSET", "FETCH", "FOR"];

function pickedCondition(
  text: StatementSource,
  { whereClause, fromClause = [] }: SelectStmt,
  outer: number,
): string | undefined {
  const [from] = fromClause;
  if (whereClause === undefined || from === undefined || !("RangeVar" in from)) return undefined;
  const { location } = from.RangeVar;
  const table = text.at(location);
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
