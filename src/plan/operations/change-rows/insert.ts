import type { Table } from "../../../catalog/index.ts";
import { walk } from "../../../effects/index.ts";
import type { ParseNode } from "../../../sql/index.ts";
import { columnIn, named, sqlName, tableIn } from "../../lookup.ts";
import { transaction } from "../../model.ts";
import type { OperationInput, Recognised, Refusal } from "../operation.ts";
import { readOnce } from "./fill.ts";
import { isSteady } from "./repeatable.ts";

/**
 * `INSERT … SELECT` from tables that the old release goes on to write. Where it may be repeated it is: before the new
 * release starts, and when the old one is gone.
 */
export function insertRows(input: OperationInput): Recognised | Refusal | undefined {
  const { statement, before, existed, searchPath } = input;
  const { node, sql } = statement;
  if (!("InsertStmt" in node) || node.InsertStmt.relation === undefined) return undefined;
  const { relation, selectStmt, onConflictClause } = node.InsertStmt;
  const target = named(before.tables, relation, searchPath);
  const sources = relationsIn(selectStmt).flatMap((name) => {
    const table = named(before.tables, name, searchPath);
    return table !== undefined && existed(table) ? [table] : [];
  });
  if (target === undefined) return undefined;
  if (sources.length === 0) return givenRows(input, target);
  const from = [...new Set(sources.map(sqlName))].join(", ");
  const title = `rows for ${sqlName(target)} from ${from}`;
  const moved = sources.find((table) => isEmptied(input, table));
  if (moved !== undefined)
    return {
      title,
      refused: {
        why: `rows move from ${sqlName(moved)}, which the same migration deletes from: the old release, which reads them there, would not find them`,
        instead: [
          `leave the DELETE from ${sqlName(moved)} to a later migration, when no release reads it any more`,
        ],
      },
    };
  const isRepeatable =
    onConflictClause?.action === "ONCONFLICT_NOTHING" ||
    leavesOut(selectStmt, relation.relname ?? "");
  const isKeyed = onConflictClause === undefined && isKeyedAnew(input, target, node.InsertStmt);
  if (!isRepeatable && !isKeyed)
    return {
      title,
      refused: {
        why: `rows of ${from} that the old release writes after it would be missing in ${sqlName(target)}, and ${
          isNotIn(selectStmt, relation.relname ?? "")
            ? "its NOT IN is no guard to repeat it by: one NULL among what is there, and it passes over all rows"
            : "repeating it would give rows twice, or pass over some"
        }`,
        instead: [
          "let it be repeated: ON CONFLICT … DO NOTHING, or WHERE NOT EXISTS (… a row that is there); lockstep then runs it before the new release starts and once more when the old one is gone",
          "where the old release changes rows too, not only adds them: write both tables from the application, and copy after the contract phase",
        ],
      },
    };
  return {
    title,
    planned: {
      settle: [transaction(title, [sql])],
      narrow: [
        transaction(`${title}, of those that the old release wrote since`, [
          isRepeatable ? sql : `${sql} ON CONFLICT DO NOTHING`,
        ]),
      ],
      notes: [
        `${title}: what the old release changes in rows that were copied, or deletes of them, is not copied again, and a copied row that the new release deletes comes back in the contract phase`,
        ...(existed(target)
          ? [`what is inserted into ${sqlName(target)} stays after an abort`]
          : []),
      ],
      exemptions: readOnce(
        sources.flatMap((table) => table.columns.map(({ name: column }) => ({ table, column }))),
      ),
    },
  };
}

/** Rows that the migration gives itself. An abort does not know afterwards which of them are its own. */
function givenRows({ statement, existed }: OperationInput, target: Table): Refusal | undefined {
  if (!existed(target) || isGivenOnce(statement, target)) return undefined;
  return {
    title: `rows for ${sqlName(target)}`,
    refused: {
      why: `an abort could not tell the rows that it inserts from others, and a plan that is begun anew after one would insert them twice, or fail`,
      instead: [
        "in a migration of its own, without a plan: lockstep migrate runs it as it is",
        "with a key that tells the rows apart among its columns, and ON CONFLICT … DO NOTHING: they stay after an abort",
      ],
    },
  };
}

/** `INSERT … ON CONFLICT … DO NOTHING` that gives a key of the table: done again, it gives no row twice. */
export function isGivenOnce({ node }: OperationInput["statement"], target: Table): boolean {
  if (!("InsertStmt" in node)) return false;
  const { onConflictClause, cols = [] } = node.InsertStmt;
  const given = new Set(
    cols.length > 0
      ? cols.map((one) => ("ResTarget" in one ? one.ResTarget.name : undefined))
      : target.columns.map(({ name }) => name),
  );
  return onConflictClause?.action === "ONCONFLICT_NOTHING" && hasKeyAmong(target, given);
}

/** True when a unique index of columns that are never NULL is among them. */
function hasKeyAmong(table: Table, given: ReadonlySet<string | undefined>): boolean {
  return table.indexes.some(
    ({ unique, predicate, keys }) =>
      unique &&
      predicate === null &&
      keys.every(
        ({ column }) =>
          column !== null && given.has(column) && columnIn(table, column)?.nullable === false,
      ),
  );
}

/** True when a later statement deletes rows of the table. */
function isEmptied({ following, searchPath }: OperationInput, table: Table): boolean {
  return following.some(({ statement: { node }, before }) => {
    const relation = "DeleteStmt" in node ? node.DeleteStmt.relation : undefined;
    const found = relation && named(before.tables, relation, searchPath);
    return found?.schema === table.schema && found.name === table.name;
  });
}

type Insert = Extract<ParseNode, { InsertStmt: unknown }>["InsertStmt"];

/** True for a table that the migration makes, with a key that each row gets from the query: done again, none comes twice. */
function isKeyedAnew(
  { start, major, searchPath }: OperationInput,
  target: Table,
  { cols = [], selectStmt, returningClause }: Insert,
): boolean {
  if (tableIn(start, target) !== undefined || selectStmt === undefined) return false;
  if (returningClause !== undefined) return false;
  const written = cols.map((one) => ("ResTarget" in one ? one.ResTarget.name : undefined));
  const given = new Set(cols.length > 0 ? written : target.columns.map(({ name }) => name));
  // By a second key a row could be left out that the migration as written stops at.
  const hasOneKey = target.indexes.filter(({ unique }) => unique).length === 1;
  return hasOneKey && hasKeyAmong(target, given) && isSteady(selectStmt, major, searchPath);
}

function relationsIn(tree: ParseNode | undefined) {
  const found: Extract<ParseNode, { RangeVar: unknown }>["RangeVar"][] = [];
  walk(tree, (node) => {
    if ("RangeVar" in node) found.push(node.RangeVar);
  });
  return found;
}

/** True for `WHERE NOT EXISTS (SELECT … FROM target …)` in the outermost AND. */
function leavesOut(select: ParseNode | undefined, target: string): boolean {
  return isGuarded(select, target, "EXISTS_SUBLINK");
}

/** True for `WHERE … NOT IN (SELECT … FROM target …)`. */
function isNotIn(select: ParseNode | undefined, target: string): boolean {
  return isGuarded(select, target, "ANY_SUBLINK");
}

function isGuarded(
  select: ParseNode | undefined,
  target: string,
  by: "EXISTS_SUBLINK" | "ANY_SUBLINK",
): boolean {
  if (select === undefined || !("SelectStmt" in select)) return false;
  const isLeftOut = (node: ParseNode | undefined): boolean => {
    if (node === undefined || !("BoolExpr" in node)) return false;
    const { boolop, args = [] } = node.BoolExpr;
    if (boolop === "AND_EXPR") return args.some(isLeftOut);
    const [inner] = args;
    return (
      boolop === "NOT_EXPR" &&
      inner !== undefined &&
      "SubLink" in inner &&
      inner.SubLink.subLinkType === by &&
      relationsIn(inner.SubLink.subselect).some(({ relname }) => relname === target)
    );
  };
  return isLeftOut(select.SelectStmt.whereClause);
}
