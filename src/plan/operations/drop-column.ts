import {
  qualifiedName,
  type Catalog,
  type Column,
  type ForeignKeyConstraint,
  type Table,
} from "../../catalog/index.ts";
import { walk } from "../../effects/index.ts";
import { parseLoaded, quoteIdent } from "../../sql/index.ts";
import { domainOf } from "../domains.ts";
import { treeOf } from "../fillable.ts";
import { columnIn, sqlName, tableChange, tableIn } from "../lookup.ts";
import { transaction, type PlannedOperation } from "../model.ts";
import { columnsOf } from "../naming.ts";
import { isKey } from "../online/key.ts";
import { untilGone } from "../outgoing-unique.ts";
import { keysAlong } from "./keys-along.ts";
import { ownLockFirst } from "../online/both-locks.ts";
import type { OperationInput, Recognised, Refusal } from "./operation.ts";
import { refusesNull } from "./refuses-null.ts";

/**
 * `DROP COLUMN`: in the contract phase. The new release no longer writes the column, so that one that is required and
 * has no default gets one before it starts.
 */
export async function dropColumn(input: OperationInput): Promise<Recognised | Refusal | undefined> {
  const { statement, before, after, start, existed, searchPath } = input;
  const change = tableChange(statement.node, before, searchPath);
  if (change?.command.subtype !== "AT_DropColumn" || !existed(change.table)) return undefined;
  const { table, command, recurses } = change;
  const column = columnIn(table, command.name ?? "");
  const first = tableIn(start, table);
  if (column === undefined || first === undefined) return undefined;
  if (columnIn(first, column.name) === undefined) return undefined;
  const name = `${sqlName(table)}.${quoteIdent(column.name)}`;
  const own = qualifiedName(table.schema, table.name);
  const title = `drop column ${name}`;
  const cascade = command.behavior === "DROP_CASCADE" ? " CASCADE" : "";
  const drop = `ALTER TABLE ${recurses ? "" : "ONLY "}${sqlName(table)} DROP COLUMN IF EXISTS ${quoteIdent(column.name)}${cascade}`;
  const unwritten = unwrittenColumn(table, column, first);
  if (unwritten === undefined)
    return {
      title,
      refused: {
        why: `${name} is NOT NULL and has no default: the new release, which does not know it, has to insert rows as long as the old one reads them, and nothing says what the old one may read there${madeUp(first, column)}`,
        instead: [
          `a default that the old release bears, in a statement before this one: ALTER TABLE ${sqlName(table)} ALTER COLUMN ${quoteIdent(column.name)} SET DEFAULT …; lockstep plan puts both in their phases`,
          `where the old release bears NULL: ALTER TABLE ${sqlName(table)} ALTER COLUMN ${quoteIdent(column.name)} DROP NOT NULL before this one`,
        ],
      },
    };
  const refusing = unwritten.settle === undefined ? checkOfNull(before, table, column) : undefined;
  if (refusing !== undefined)
    return {
      title,
      refused: {
        why: `${refusing} refuses rows in which ${name} is NULL: the new release, which does not know the column, could insert none as long as the old one reads it`,
        instead: [
          "take the check away in a statement before this one, which lockstep plan does before the new release starts",
          "a default that the old release bears, in a statement before this one",
        ],
      },
    };
  // What the migration drops before it, a default too, goes in the contract phase only.
  const given = column.default === null ? columnIn(first, column.name)! : column;
  const unique = unwritten.settle === undefined ? uniqueWith(first, given) : [];
  const alone = unique.find(({ others, isPartial }) => others.length === 0 && !isPartial);
  if (alone !== undefined)
    return {
      title,
      refused: {
        why: `${alone.name} takes one row that does not give ${name}: the new release, which does not know the column, could insert one row as long as the old one reads it`,
        instead: [
          `drop ${alone.name} in a migration before this one, when no running release finds rows by it`,
          "a default that is another one for each row, in a migration before this one",
        ],
      },
    };
  const notes = [
    ...(unwritten.notes ?? []),
    ...unique.map(
      (one) =>
        `${one.name} goes with ${name} in the contract phase: until then rows that the new release inserts, which do not give ${name}, have to differ in ${one.others.map(quoteIdent).join(", ") || "what it does not cover"}`,
    ),
    `SELECT * of ${sqlName(table)}, prepared by name before the contract phase, fails from then on until it is prepared again ("cached plan must not change result type"): the new release names its columns, or its driver prepares again by itself`,
  ];
  const along = keysAlong(
    before,
    after,
    (relation, { columns }) => relation === own && columns.includes(column.name),
  );
  const keys = table.constraints.filter(
    (one): one is ForeignKeyConstraint =>
      one.kind === "foreign-key" && one.columns.includes(column.name),
  );
  const outgoing = await Promise.all(
    (isBack(input, table, column) ? [] : table.indexes)
      .filter((index) => index.unique && columnsOf(index).includes(column.name))
      .map(async ({ name: index }) => untilGone(input, table, index)),
  );
  const leavesNull =
    unwritten.settle === undefined &&
    given.generated === null &&
    unwrittenValue(given) === "NULL" &&
    (domainOf(before, given.type)?.default ?? null) === null;
  // One that an earlier statement drops may be there still.
  const hasKey = [table, first].some(({ constraints }) =>
    constraints.some((one) => one.kind === "foreign-key" && one.columns.includes(column.name)),
  );
  return {
    title,
    planned: {
      ...unwritten,
      narrow: [transaction(title, hasKey ? ownLockFirst(table, [drop]) : [drop])],
      notes: [
        ...notes,
        ...keys.map((key) => stillReferenced(name, key)),
        ...outgoing.flatMap((one) => one.notes),
        ...along.notes,
      ],
      leftNull: leavesNull ? [{ table, column: column.name }] : [],
      exemptions: [
        ...keys.map(
          ({ references }) => ({ kind: "still-referenced", relation: references.table }) as const,
        ),
        ...unique.map(() => ({ kind: "refuses-duplicates", relation: own }) as const),
        ...along.exemptions,
      ],
    },
  };
}

/** Whether the migration adds one of its name. */
function isBack({ goal }: OperationInput, table: Table, { name }: Column): boolean {
  const last = tableIn(goal, table);
  return last !== undefined && columnIn(last, name) !== undefined;
}

/** A check that refuses rows which do not give the column, of the table or of what has its rows. */
function checkOfNull(before: Catalog, table: Table, column: Column): string | undefined {
  if (unwrittenValue(column) !== "NULL") return undefined;
  for (const part of treeOf(before, table))
    for (const one of part.constraints) {
      if (one.kind !== "check" || !one.enforced || !one.columns.includes(column.name)) continue;
      const [parsed] = parseLoaded(`SELECT ${one.expression}`, "check");
      const [target] =
        parsed !== undefined && "SelectStmt" in parsed.node
          ? (parsed.node.SelectStmt.targetList ?? [])
          : [];
      const tree = target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined;
      if (refusesNull(tree, column.name)) return `${quoteIdent(one.name)} of ${sqlName(part)}`;
    }
  return undefined;
}

/** What speaks against a default that says nothing, where constraints are about the column. */
function madeUp({ constraints }: Table, { name }: Column): string {
  const found = constraints.find((one) => !isKey(one) && one.columns.includes(name));
  return found === undefined
    ? ""
    : `: any value that is made up ${quoteIdent(found.name)} may refuse`;
}

/** What the new release has to bear as long as a key that it does not know is there. */
export function stillReferenced(
  object: string,
  { references: { table: parent }, onDelete }: ForeignKeyConstraint,
): string {
  const deletes = `when the new release deletes a row of ${parent}, rows that point to it`;
  const then = {
    "no-action": `rows of ${parent} that it points to cannot be deleted by the new release`,
    restrict: `rows of ${parent} that it points to cannot be deleted by the new release`,
    cascade: `${deletes} go too (ON DELETE CASCADE)`,
    "set-null": `${deletes} get NULL there (ON DELETE SET NULL)`,
    "set-default": `${deletes} get the default there (ON DELETE SET DEFAULT)`,
  }[onDelete];
  return `${object} refers to ${parent} until the contract phase: ${then}`;
}

interface UniqueWith {
  readonly name: string;
  /** The other columns that it is about. */
  readonly others: readonly string[];
  readonly isPartial: boolean;
}

/** Unique indexes, those of keys too, that take rows which do not give the column for equal in it. */
function uniqueWith({ indexes }: Table, column: Column): readonly UniqueWith[] {
  const value = unwrittenValue(column);
  return indexes.flatMap((index) => {
    const columns = columnsOf(index);
    const isEqual = value === "one value" || (value === "NULL" && index.nullsNotDistinct);
    if (!index.unique || !columns.includes(column.name) || !isEqual) return [];
    const others = columns.filter((one) => one !== column.name);
    return [{ name: quoteIdent(index.name), others, isPartial: index.predicate !== null }];
  });
}

/** What rows have that do not give the column. */
function unwrittenValue({ default: given, identity }: Column): "NULL" | "one value" | "drawn" {
  if (identity !== null) return "drawn";
  if (given === null) return "NULL";
  let [isNull, isDrawn] = [false, false];
  walk(parseLoaded(`SELECT ${given}`, "default")[0]?.node, (node) => {
    isNull ||= "A_Const" in node && node.A_Const.isnull === true;
    isDrawn ||= "FuncCall" in node || "SQLValueFunction" in node;
  });
  if (isDrawn) return "drawn";
  return isNull ? "NULL" : "one value";
}

/** What lets rows be inserted that do not give the column; undefined when nothing does. */
function unwrittenColumn(table: Table, column: Column, first: Table): PlannedOperation | undefined {
  const { nullable, default: given, identity, generated, name } = column;
  if (nullable || given !== null || identity !== null || generated !== null) return {};
  const value = neutralValue(table, column, first);
  if (value === undefined) return undefined;
  const on = `${quoteIdent(name)} of ${sqlName(table)}`;
  const alter = `ALTER TABLE ${sqlName(table)} ALTER COLUMN ${quoteIdent(name)}`;
  const title = `${on} has a default, for the new release does not give it`;
  return {
    settle: [transaction(title, [`${alter} SET DEFAULT ${value}`], [`${alter} DROP DEFAULT`])],
    notes: [
      `the old release reads ${value} as ${on} in rows that the new one inserts; where it would take that for something real, give the column a default of your own before`,
    ],
  };
}

/**
 * A value that says nothing and that nothing refuses; undefined where there is none that is plain to see.
 * @param first the table before the migration: what it drops may go in the contract phase only
 */
function neutralValue(table: Table, { name, type }: Column, first: Table): string | undefined {
  const constraints = [...table.constraints, ...first.constraints].filter((one) =>
    one.columns.includes(name),
  );
  if (type.schema !== "pg_catalog" || !constraints.every(isKey)) return undefined;
  const isUnique =
    constraints.length > 0 ||
    table.indexes.some((index) => index.unique && columnsOf(index).includes(name));
  if (isUnique) return type.array ? undefined : distinctValues.get(type.text);
  return type.array ? "'{}'" : neutralValues.get(type.name);
}

const randomKey = "pg_catalog.gen_random_uuid()";

/** Another one for each row, by the type as `format_type` prints it. */
const distinctValues: ReadonlyMap<string, string> = new Map([
  ["character varying", `(${randomKey})::text`],
  ["text", `(${randomKey})::text`],
  ["uuid", randomKey],
]);

const neutralValues: ReadonlyMap<string, string> = new Map([
  ...["int2", "int4", "int8", "float4", "float8", "numeric", "money"].map(
    (name) => [name, "0"] as const,
  ),
  ...["text", "varchar", "bpchar", "bytea"].map((name) => [name, "''"] as const),
  ...["json", "jsonb"].map((name) => [name, "'{}'"] as const),
  ["bool", "false"],
  ["date", "CURRENT_DATE"],
  ["timestamp", "LOCALTIMESTAMP"],
  ["timestamptz", "CURRENT_TIMESTAMP"],
  ["interval", "'0'"],
  ["uuid", randomKey],
]);
