import type { AlterTableCmd, ColumnDef, Node } from "@pgsql/types";
import type { Relation, TypeUse, WorldColumn, WorldConstraint } from "../../world/index.ts";
import { columnsIn, foreignKeysTo, sequencesOf, volatilityOf, walk } from "../../world/index.ts";
import { strings } from "../../world/nodes.ts";
import { resolveType, sameType } from "../../world/type-use.ts";
import { isText, refusalState } from "./casts.ts";
import { baseOf, convert, convertUsing, type Conversion } from "./conversion.ts";
import { domainMayRefuse } from "./domain-values.ts";
import { generatedFrom, holdersUsing, indexesUsing, parentOf, viewsUsing } from "./dependents.ts";
import { collationsClash } from "../collations.ts";
import { lacksOperatorClass } from "../type-order.ts";
import { refuseOperators } from "./operators.ts";
import { refuseIdentityOf } from "./identity.ts";
import { comparable, lockPartitions, queueCheck } from "./foreign-keys.ts";
import {
  changeOf,
  columnOf,
  descendantsOf,
  hasRows,
  leavesOf,
  lockDescendants,
  mayFail,
  refuse,
  replaceColumn,
  unsure,
  type Plan,
  type TableChange,
} from "./plan.ts";

/** ALTER COLUMN … TYPE on the table and on what inherits from it (tablecmds.c, ATPrepAlterColumnType). */
export function changeType(
  plan: Plan,
  relation: Relation,
  command: AlterTableCmd,
  recurse: boolean,
): void {
  const { def, name = "" } = command;
  if (def === undefined || !("ColumnDef" in def)) return;
  const change = changeOf(plan, relation);
  const column = columnOf(plan, change, name);
  if (column === undefined) return;
  const before = relation.columns.find((own) => own.name === name);
  if (change.retyped.has(name) && before !== undefined && !sameType(before.type, column.type)) {
    refuse(plan, "0A000", `cannot alter type of column "${name}" twice`);
    return;
  }
  if (column.inherited) {
    refuse(plan, "42P16", `cannot alter inherited column "${name}"`);
    return;
  }
  if (!recurse && descendantsOf(plan.world, relation).length > 0) {
    refuse(plan, "42P16", `type of inherited column "${name}" must be changed in child tables too`);
    return;
  }
  const type = resolveType(def.ColumnDef.typeName, plan.world, plan.searchPath);
  if (type.schema === undefined) {
    plan.draft.missing(`type "${type.name}"`, "42704");
    if (plan.draft.fails) return;
  }
  for (const table of [relation, ...lockDescendants(plan, relation)])
    changeOn(plan, changeOf(plan, table), name, type, def.ColumnDef);
}

function changeOn(
  plan: Plan,
  change: TableChange,
  name: string,
  type: TypeUse,
  definition: ColumnDef,
): void {
  const column = columnOf(plan, change, name);
  if (column === undefined) return;
  const { relation } = change;
  if (relation.partitioning?.columns.includes(name)) {
    refuse(
      plan,
      "42P16",
      `cannot alter column "${name}" because it is part of the partition key of relation "${relation.name}"`,
    );
    return;
  }
  refuseObstacles(plan, change, name);
  // Asked before any command is carried out, as by DROP EXPRESSION.
  const { generated } = relation.columns.find((own) => own.name === name) ?? column;
  if (generated !== undefined && definition.raw_default !== undefined)
    refuse(plan, "42611", "cannot specify USING when altering type of generated column");
  if (generated?.kind === "virtual" && type.schema !== "pg_catalog")
    refuse(plan, "0A000", `virtual generated column "${name}" cannot have a user-defined type`);
  if (column.identity !== undefined) refuseIdentityOf(plan, type);
  const conversion = conversionOf(plan, column, type, definition);
  if (refusedConversion(plan, column, type, conversion, definition)) return;
  applyConversion(plan, change, column, type, conversion, definition.raw_default !== undefined);
  // What USING gives may be null.
  if (definition.raw_default !== undefined && column.notNull && conversion === "rewrite")
    mayFail(plan, "23502", `column "${name}" contains null values`, change.relation);
  const collation = strings(definition.collClause?.collname).at(-1);
  replaceColumn(change, { ...column, type, collation, typeKnown: type.schema !== undefined });
  change.retyped.add(name);
  remakeDependents(plan, change, name);
  changeIdentity(plan, change.relation, column);
}

function conversionOf(
  { world, searchPath }: Plan,
  column: WorldColumn,
  type: TypeUse,
  { raw_default: using }: ColumnDef,
): Conversion {
  if (!column.typeKnown) return "unknown";
  if (using === undefined) return convert(world, column.type, type, false);
  return convertUsing(world, searchPath, column, type, using);
}

function refusedConversion(
  plan: Plan,
  column: WorldColumn,
  type: TypeUse,
  conversion: Conversion,
  { raw_default: using }: ColumnDef,
): boolean {
  const { draft, world } = plan;
  const cannot = `cannot be cast automatically to type ${type.name}`;
  if (conversion === "impossible") {
    const isWritten = using !== undefined && "TypeCast" in using;
    refuse(plan, isWritten ? "42846" : "42804", `column "${column.name}" ${cannot}`);
  }
  if (column.default !== undefined && column.generated === undefined)
    if (convert(world, column.type, type, false) === "impossible")
      refuse(plan, "42804", `default for column "${column.name}" ${cannot}`);
  return draft.fails;
}

/** Types that hold every value of another (int.c, int8.c, numeric.c, float.c). */
const wider: Readonly<Record<string, readonly string[]>> = {
  int2: ["int4", "int8", "numeric", "float4", "float8"],
  int4: ["int8", "numeric", "float4", "float8"],
  int8: ["numeric", "float4", "float8"],
  float4: ["float8"],
};

function isWider(from: TypeUse, to: TypeUse): boolean {
  if (from.array || to.array || to.modifiers.length > 0) return false;
  return from.schema === to.schema && wider[from.name]?.includes(to.name) === true;
}

function applyConversion(
  plan: Plan,
  change: TableChange,
  column: WorldColumn,
  type: TypeUse,
  conversion: Conversion,
  computed: boolean,
): void {
  const { relation } = change;
  // A virtual column has no stored values.
  if (!hasRows(relation) || column.generated?.kind === "virtual") return;
  const mayNotCast = (): void => {
    const [from, to] = [baseOf(plan.world, column.type), baseOf(plan.world, type)];
    if (!computed && isWider(from, to)) return;
    mayFail(
      plan,
      refusalState(from.name, to.name),
      `a value of column "${column.name}" may not be one of type ${type.name}`,
      relation,
    );
  };
  if (conversion === "rewrite") {
    change.rewrite = true;
    mayNotCast();
    domainMayRefuse(plan, relation, type);
  } else if (conversion === "zone") rewriteUnlessUtc(plan, change, column);
  else if (conversion === "unknown") {
    unsure(
      plan,
      relation,
      `it is not known how column "${column.name}" of "${relation.name}" becomes ${type.name}: its rows may be rewritten`,
    );
    change.rewrite = true;
    mayNotCast();
  }
}

const utc: ReadonlySet<string> = new Set([
  "utc",
  "gmt",
  "etc/utc",
  "zulu",
  "uct",
  "etc/gmt",
  "0",
  "universal",
]);

/** timestamp.c, TimestampTimestampTzRequiresRewrite: no rewrite where local time is UTC and ever was. */
function rewriteUnlessUtc(plan: Plan, change: TableChange, column: WorldColumn): void {
  const zone = plan.draft.session.settings.get("timezone");
  if (zone !== undefined && utc.has(zone.toLowerCase())) return;
  change.rewrite = true;
  if (zone === undefined)
    unsure(
      plan,
      change.relation,
      `the session's TimeZone is not known: were it UTC, "${change.relation.name}" would not be rewritten for "${column.name}"`,
    );
}

/** What cannot be made again for a column of another type (tablecmds.c, RememberAllDependentForRebuilding). */
function refuseObstacles(plan: Plan, change: TableChange, name: string): void {
  const { relation } = change;
  if (viewsUsing(plan, relation, name).length > 0)
    refuse(plan, "0A000", "cannot alter type of a column used by a view or rule");
  if (generatedFrom(change, name).length > 0)
    refuse(
      plan,
      plan.major >= 15 ? "0A000" : "42601",
      "cannot alter type of a column used by a generated column",
    );
  if (holdersUsing(plan, relation, name).length > 0)
    refuse(
      plan,
      "0A000",
      `cannot alter type of column "${name}", which a policy, a rule or a trigger uses`,
    );
  if (relation.publications.some(({ filter }) => filter?.includes(name) === true))
    refuse(plan, "0A000", "cannot alter type of a column used by a publication WHERE clause");
}

/** Indexes and constraints of the column are dropped and made again. */
export function remakeDependents(plan: Plan, change: TableChange, name: string): void {
  const { draft } = plan;
  const { relation } = change;
  for (const index of indexesUsing(plan, change, name)) {
    draft.lock(index, "AccessExclusive", "index");
    change.remade.set(index.id, index);
    refuseUnindexable(plan, change, index, name);
    for (const expression of [...(index.index?.expressions ?? []), index.index?.predicate])
      if (expression !== undefined) refuseOperators(plan, change, expression);
    refuseChanging(plan, change, index, name);
  }
  for (const constraint of change.constraints) {
    if (constraint.kind === "check" && columnsIn(constraint.expression).includes(name))
      remakeCheck(plan, change, constraint);
    if (constraint.kind === "foreign-key" && constraint.columns.includes(name)) {
      const parent = parentOf(plan, constraint);
      if (parent === undefined) {
        draft.unknown(
          `the table referenced by "${constraint.name}" is not known: it is locked too`,
        );
        continue;
      }
      if (parent.id !== relation.id) {
        // Until 14 a partitioned table has no triggers of the key that could be dropped, only the new one's are noted.
        const hasTriggers = parent.kind !== "partitioned table" || plan.major >= 15;
        draft.lock(
          parent,
          hasTriggers ? "AccessExclusive" : "ShareRowExclusive",
          "foreign-key-parent",
        );
        lockPartitions(plan, parent, "AccessExclusive");
      }
    }
  }
  for (const child of foreignKeysTo(plan.world, relation.id))
    if (
      child.id !== relation.id &&
      child.constraints.some(
        (constraint) =>
          constraint.kind === "foreign-key" &&
          constraint.references.table === relation.id &&
          constraint.references.columns.includes(name),
      )
    )
      draft.lock(child, "AccessExclusive", "foreign-key-child");
}

/** The index is made again for the new type, which must have an operator class for its method. */
function refuseUnindexable(
  plan: Plan,
  change: TableChange,
  { index }: Relation,
  name: string,
): void {
  const type = change.columns.find((column) => column.name === name)?.type;
  if (type === undefined || index?.columns.includes(name) !== true) return;
  if (lacksOperatorClass(plan.world, index.method, baseOf(plan.world, type)))
    refuse(
      plan,
      "42704",
      `data type ${type.name} has no default operator class for access method "${index.method}"`,
    );
}

/** Functions of text took the value of another string type as text, and the cast stays: it must be immutable. */
function refuseChanging(
  plan: Plan,
  { relation, columns }: TableChange,
  { index }: Relation,
  name: string,
): void {
  const { world, searchPath } = plan;
  const before = relation.columns.find((column) => column.name === name);
  if (before === undefined || before.type.name === "text" || before.type.array) return;
  if (!isText(baseOf(world, before.type).name)) return;
  let isCast = false;
  for (const expression of [...(index?.expressions ?? []), index?.predicate])
    walk(expression, (node) => {
      if ("FuncCall" in node && columnsIn(node).includes(name)) isCast = true;
    });
  if (!isCast) return;
  const toText: Node = {
    TypeCast: {
      arg: { ColumnRef: { fields: [{ String: { sval: name } }] } },
      typeName: {
        names: [{ String: { sval: "pg_catalog" } }, { String: { sval: "text" } }],
        typemod: -1,
      },
    },
  };
  const volatility = volatilityOf(toText, world, searchPath, { ...relation, columns });
  if (volatility === "stable" || volatility === "volatile")
    refuse(plan, "42P17", "functions in index expression must be marked IMMUTABLE");
}

function remakeCheck(plan: Plan, change: TableChange, constraint: WorldConstraint): void {
  if (constraint.kind === "check") refuseOperators(plan, change, constraint.expression);
  if (!constraint.valid || !hasRows(change.relation)) return;
  change.verify = true;
}

/** The sequence of an identity column gets the new type too. */
function changeIdentity(plan: Plan, relation: Relation, column: WorldColumn): void {
  if (column.identity === undefined) return;
  for (const sequence of sequencesOf(plan.world, relation.id))
    if (sequence.ownedBy?.column === column.name)
      plan.draft.lock(sequence, "ShareRowExclusive", "sequence");
}

/** After all changes of type: foreign keys whose columns changed are checked again when a side was rewritten. */
export function recheckForeignKeys(plan: Plan): void {
  for (const change of plan.tables.values()) {
    if (change.retyped.size === 0) continue;
    const { relation } = change;
    const children = [relation, ...foreignKeysTo(plan.world, relation.id)];
    for (const child of new Set(children)) recheck(plan, change, child);
  }
}

function recheck(plan: Plan, change: TableChange, child: Relation): void {
  const { relation } = change;
  for (const constraint of plan.tables.get(child.id)?.constraints ?? child.constraints) {
    if (constraint.kind !== "foreign-key") continue;
    const parent = parentOf(plan, constraint);
    if (parent === undefined || (child !== relation && parent.id !== relation.id)) continue;
    const isChanged = ({ id }: Relation, columns: readonly string[]): boolean =>
      columns.some((column) => plan.tables.get(id)?.retyped.has(column));
    if (!isChanged(child, constraint.columns) && !isChanged(parent, constraint.references.columns))
      continue;
    refuseIncomparable(plan, child, constraint, parent);
    const rewritten = [child, parent].some((side) =>
      leavesOf(plan.world, side).some(({ id }) => plan.tables.get(id)?.rewrite),
    );
    const isChecked = hasRows(child) || child.kind === "partitioned table";
    if (constraint.valid && rewritten && isChecked) queueCheck(plan, child, parent);
  }
}

function refuseIncomparable(
  plan: Plan,
  child: Relation,
  constraint: Extract<WorldConstraint, { kind: "foreign-key" }>,
  parent: Relation,
): void {
  const columnsOf = (relation: Relation) =>
    plan.tables.get(relation.id)?.columns ?? relation.columns;
  for (const [at, name] of constraint.columns.entries()) {
    const own = columnsOf(child).find((column) => column.name === name);
    const other = columnsOf(parent).find(
      (column) => column.name === constraint.references.columns[at],
    );
    if (own === undefined || other === undefined) continue;
    const cannot = `foreign key constraint "${constraint.name}" cannot be implemented`;
    if (!comparable(plan.major, baseOf(plan.world, own.type), baseOf(plan.world, other.type)))
      refuse(plan, "42804", cannot);
    else if (collationsClash(plan.world, own.collation, other.collation))
      refuse(plan, "42P21", cannot);
  }
}
