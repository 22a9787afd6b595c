import type { AlterTableCmd } from "@pgsql/types";
import type { IndexFacts, Relation, TypeUse, World } from "../../world/index.ts";
import { childrenOf, columnsIn, findType, indexPartsOf, sequencesOf } from "../../world/index.ts";
import { remakeDependents } from "./change-type.ts";
import { baseOf } from "./conversion.ts";
import { concerns } from "../../world/fold/drop-object.ts";
import { indexesUsing } from "./dependents.ts";
import { valueText } from "../../world/nodes.ts";
import { refuseIdentityOf } from "./identity.ts";
import { refuseDefault } from "./literals.ts";
import {
  changeOf,
  columnOf,
  hasRows,
  lockDescendants,
  mayFail,
  refuse,
  replaceColumn,
  type Plan,
  type TableChange,
} from "./plan.ts";

/** SET DEFAULT and DROP DEFAULT (tablecmds.c, ATExecColumnDefault): existing rows keep what they have. */
export function changeDefault(
  plan: Plan,
  relation: Relation,
  { name = "", def }: AlterTableCmd,
  recurse: boolean,
): void {
  const change = changeOf(plan, relation);
  const column = columnOf(plan, change, name);
  if (column === undefined) return;
  const what = `column "${name}" of relation "${relation.name}"`;
  if (column.identity !== undefined) refuse(plan, "42601", `${what} is an identity column`);
  else if (column.generated !== undefined) refuse(plan, "42601", `${what} is a generated column`);
  else if (def !== undefined && columnsIn(def).length > 0)
    refuse(plan, "0A000", "cannot use column reference in DEFAULT expression");
  else if (def !== undefined) refuseDefault(plan, column, def);
  if (plan.draft.fails) return;
  replaceColumn(change, { ...column, default: def });
  if (recurse) lockDescendants(plan, relation);
}

/** Since 17 an identity column of a partitioned table is that of its partitions, which have no say in it. */
function refuseIdentityOfPartition(
  plan: Plan,
  { partitionOf, kind, id }: Relation,
  verb: string,
  recurse: boolean,
): void {
  if (plan.major < 17) return;
  if (partitionOf !== undefined)
    refuse(plan, "42P16", `cannot ${verb} identity of a column of a partition`);
  else if (!recurse && kind === "partitioned table" && childrenOf(plan.world, id).length > 0)
    refuse(plan, "42P16", `cannot ${verb} identity of a column of only the partitioned table`);
}

/** ADD GENERATED … AS IDENTITY to an existing column: its rows keep their values. */
export function addIdentity(plan: Plan, relation: Relation, name: string, recurse: boolean): void {
  const change = changeOf(plan, relation);
  const column = columnOf(plan, change, name);
  if (column === undefined) return;
  const what = `column "${name}" of relation "${relation.name}"`;
  refuseIdentityOfPartition(plan, relation, "add", recurse);
  if (!column.notNull)
    refuse(plan, "55000", `${what} must be declared NOT NULL before identity can be added`);
  else if (column.identity !== undefined)
    refuse(plan, "55000", `${what} is already an identity column`);
  else if (column.default !== undefined || column.generated !== undefined)
    refuse(plan, "55000", `${what} already has a default value`);
  else refuseIdentityOf(plan, column.type);
  if (plan.draft.fails) return;
  replaceColumn(change, { ...column, identity: "default" });
  lockIdentityPartitions(plan, relation, recurse);
}

/** Since 17 the partitions of a partitioned table share its identity column. */
function lockIdentityPartitions(plan: Plan, relation: Relation, recurse: boolean): void {
  if (plan.major >= 17 && recurse && relation.kind === "partitioned table")
    lockDescendants(plan, relation);
}

/** SET GENERATED, SET sequence_option, RESTART and DROP IDENTITY. */
export function changeIdentity(
  plan: Plan,
  relation: Relation,
  { name = "", subtype, missing_ok: missingOk }: AlterTableCmd,
  recurse: boolean,
): void {
  const change = changeOf(plan, relation);
  const column = columnOf(plan, change, name);
  if (column === undefined) return;
  refuseIdentityOfPartition(
    plan,
    relation,
    subtype === "AT_DropIdentity" ? "drop" : "change",
    recurse,
  );
  if (plan.draft.fails) return;
  if (column.identity === undefined) {
    if (missingOk !== true)
      refuse(
        plan,
        "55000",
        `column "${name}" of relation "${relation.name}" is not an identity column`,
      );
    return;
  }
  const drops = subtype === "AT_DropIdentity";
  for (const sequence of sequencesOf(plan.world, relation.id))
    if (sequence.ownedBy?.column === name)
      plan.draft.lock(sequence, drops ? "AccessExclusive" : "ShareRowExclusive", "sequence");
  if (drops) replaceColumn(change, { ...column, identity: undefined });
  lockIdentityPartitions(plan, relation, recurse);
}

/** SET EXPRESSION (17): a stored column is written again (tablecmds.c, ATExecSetExpression). */
export function setExpression(plan: Plan, relation: Relation, name: string): void {
  if (plan.major < 17) {
    refuse(plan, "42601", "SET EXPRESSION exists since Postgres 17");
    return;
  }
  for (const table of [relation, ...lockDescendants(plan, relation)]) {
    const change = changeOf(plan, table);
    const column = columnOf(plan, change, name);
    if (column === undefined) return;
    if (column.generated === undefined) {
      refuse(
        plan,
        "55000",
        `column "${name}" of relation "${table.name}" is not a generated column`,
      );
      return;
    }
    refuseRemadeTwice(plan, change);
    if (column.generated.kind === "virtual") {
      if (table.publications.length > 0)
        refuse(
          plan,
          "0A000",
          "ALTER TABLE / SET EXPRESSION is not supported for virtual generated columns in tables that are part of a publication",
        );
      if (change.constraints.some(({ kind }) => kind === "check"))
        refuse(
          plan,
          "0A000",
          "ALTER TABLE / SET EXPRESSION is not supported for virtual generated columns in tables with check constraints",
        );
      if (column.notNull && hasRows(table)) {
        change.verify = true;
        mayFail(
          plan,
          "23502",
          `column "${name}" of relation "${table.name}" contains null values`,
          table,
        );
      }
      continue;
    }
    remakeDependents(plan, change, name);
    if (!hasRows(table)) continue;
    change.rewrite = true;
    mayFail(plan, "22000", `the new expression may fail on a row of "${table.name}"`, table);
  }
}

/** DROP EXPRESSION: the values stay as those of an ordinary column (tablecmds.c, ATExecDropExpression). */
export function dropExpression(
  plan: Plan,
  relation: Relation,
  { name = "", missing_ok: missingOk }: AlterTableCmd,
  recurse: boolean,
): void {
  const change = changeOf(plan, relation);
  const column = columnOf(plan, change, name);
  if (column === undefined) return;
  if (recurse) lockDescendants(plan, relation);
  const { generated } = column;
  if (column.inherited) {
    refuse(plan, "42P16", "cannot drop generation expression from inherited column");
    return;
  }
  // A child is prepared as if with ONLY, so that it must have no children either (ATPrepDropExpression).
  const children = childrenOf(plan.world, relation.id);
  if (
    recurse ? children.some(({ id }) => childrenOf(plan.world, id).length > 0) : children.length > 0
  ) {
    refuse(plan, "0A000", "ALTER TABLE / DROP EXPRESSION must be applied to child tables too");
    return;
  }
  if (generated === undefined) {
    if (missingOk !== true)
      refuse(
        plan,
        "55000",
        `column "${name}" of relation "${relation.name}" is not a generated column`,
      );
    return;
  }
  if (generated.kind === "virtual") {
    refuse(
      plan,
      "0A000",
      "ALTER TABLE / DROP EXPRESSION is not supported for virtual generated columns",
    );
    return;
  }
  replaceColumn(change, { ...column, generated: undefined });
}

/** Built-in types of fixed length, whose values are always stored PLAIN (pg_type.typstorage). */
const plainOnly: ReadonlySet<string> = new Set(
  (
    "bool char int2 int4 int8 float4 float8 date time timetz timestamp timestamptz interval uuid oid money name tid " +
    "xid xid8 cid macaddr macaddr8 point lseg box line circle pg_lsn"
  ).split(" "),
);

function isPlainOnly(world: World, { schema, name, array }: TypeUse): boolean {
  if (array || schema === undefined) return false;
  return schema === "pg_catalog"
    ? plainOnly.has(name)
    : findType(world, { schema, name })?.kind === "enum";
}

/** SET STORAGE: rows written from now on (tablecmds.c, ATExecSetStorage). */
export function setStorage(
  plan: Plan,
  relation: Relation,
  { name = "", def }: AlterTableCmd,
  recurse: boolean,
): void {
  const column = columnOf(plan, changeOf(plan, relation), name);
  if (column === undefined) return;
  const storage = valueText(def)?.toLowerCase();
  const type = baseOf(plan.world, column.type);
  if (storage === "default" && plan.major < 16)
    refuse(plan, "42601", "SET STORAGE DEFAULT exists since Postgres 16");
  else if (storage !== "plain" && storage !== "default" && isPlainOnly(plan.world, type))
    refuse(plan, "0A000", `column data type ${type.name} can only have storage PLAIN`);
  if (recurse) lockDescendants(plan, relation);
}

/** SET STATISTICS of the column in all tables that inherit it; of an index only for an expression. */
export function setStatistics(
  plan: Plan,
  relation: Relation,
  command: AlterTableCmd,
  recurse: boolean,
): void {
  if (relation.index === undefined) {
    const column = columnOf(plan, changeOf(plan, relation), command.name ?? "");
    if (column?.generated?.kind === "virtual")
      refuse(plan, "0A000", "cannot alter statistics on virtual generated column");
  } else {
    setIndexStatistics(plan, relation.index, command);
    if (recurse) lockIndexParts(plan, relation);
  }
  if (recurse) lockDescendants(plan, relation);
}

function lockIndexParts(plan: Plan, index: Relation): void {
  for (const part of indexPartsOf(plan.world, index.id)) {
    plan.draft.lock(part, plan.mode, "index");
    lockIndexParts(plan, part);
  }
}

function setIndexStatistics(
  plan: Plan,
  { columns, include, expressions }: IndexFacts,
  { name, num = 0 }: AlterTableCmd,
): void {
  const all = [...columns, ...include];
  const isColumn = name === undefined ? all[num - 1] !== undefined : all.includes(name);
  if (isColumn) refuse(plan, "0A000", "cannot alter statistics on non-expression column of index");
  else if (num > all.length || (name !== undefined && expressions.length === 0))
    plan.draft.missing(`column "${name ?? num}" of the index`, "42703");
}

/** Settings of a column that touch nothing else. */
export function needColumn(plan: Plan, relation: Relation, { name = "" }: AlterTableCmd): void {
  columnOf(plan, changeOf(plan, relation), name);
}

/** What a new type has made again is looked for once more after SET EXPRESSION, and is not there (ATPostAlterTypeCleanup). */
function refuseRemadeTwice(plan: Plan, change: TableChange): void {
  const isRemade = [...change.retyped].some(
    (name) =>
      indexesUsing(plan, change, name).length > 0 ||
      change.constraints.some((constraint) => concerns(constraint, name)),
  );
  if (isRemade)
    refuse(plan, "XX000", "cache lookup failed for what the column's new type has made again");
}
