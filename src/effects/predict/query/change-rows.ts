import type { DeleteStmt, InsertStmt, MergeStmt, Node, RangeVar, UpdateStmt } from "@pgsql/types";
import { byId, columnsIn, indexesOf, partitionsOf, type Relation } from "../../world/index.ts";
import { rangeName } from "../../world/nodes.ts";
import type { EffectDraft } from "../draft.ts";
import { isTable, target } from "../names.ts";
import { isBounded } from "./bounded.ts";
import type { QueryContext } from "./context.ts";
import { reaches } from "./context.ts";
import { insertedColumns, insertRows, isNull, nullIn } from "./insert-rows.ts";
import { planTable } from "./plan-table.ts";
import { columnBelow } from "./view-columns.ts";
import { isChange, targetNames, visitQuery, withQueries } from "./read.ts";
import { deleteRows, fireTriggers, moveRows, updateRows } from "./row-triggers.ts";

/** What an INSERT, UPDATE, DELETE or MERGE does, also one in a WITH clause. */
export function changeRows(context: QueryContext, node: Node): void {
  if ("InsertStmt" in node) insert(context, node.InsertStmt);
  else if ("UpdateStmt" in node) update(context, node.UpdateStmt);
  else if ("DeleteStmt" in node) remove(context, node.DeleteStmt);
  else if ("MergeStmt" in node) merge(context, node.MergeStmt);
}

type RowEvent = "insert" | "update" | "delete";

const updateToo: readonly RowEvent[] = ["update"];

/** A table whose rows are changed; `table` differs from `named` when that is a view. */
interface Target {
  readonly table: Relation;
  readonly range: RangeVar;
  /** The relation that the statement names. */
  readonly named: Relation;
  /** What a column of `named` is in `table`. */
  readonly below: (column: string) => string;
}

/** Locks the target in RowExclusive, through a view also its table (rewriteHandler.c, rewriteTargetView). */
function lockTarget(
  context: QueryContext,
  range: RangeVar | undefined,
  ...events: readonly RowEvent[]
): Target | undefined {
  const { draft } = context;
  const named = target(draft, range);
  if (named === undefined || range === undefined) return undefined;
  if (named.kind === "materialized view") {
    draft.fail("always", "42809", `cannot change materialized view "${named.name}"`);
    return undefined;
  }
  if (named.kind === "sequence" || named.kind === "index" || named.kind === "partitioned index") {
    draft.fail("always", "42809", `cannot open relation "${named.name}"`);
    return undefined;
  }
  draft.lock(named, "RowExclusive", "written");
  const rules = named.rules.filter(
    ({ enabled, event }) => enabled && events.some((each) => each === event),
  );
  if (rules.some(({ nothing }) => nothing)) return undefined;
  if (rules.length > 0) draft.unknown(`rules of ${named.name} may replace the statement by others`);
  let table: Relation | undefined = named;
  const views: Relation[] = [];
  while (table?.kind === "view" && reaches(context, "rewritten")) {
    const { view, triggers, name }: Relation = table;
    const instead = triggers.filter(
      (trigger) =>
        trigger.timing === "instead-of" && events.some((event) => trigger.events.includes(event)),
    );
    if (instead.length > 0) {
      // Its rows are read to be given to the trigger; new ones are not there yet.
      if (!events.includes("insert")) readSources(context, [{ RangeVar: range }], undefined);
      if (reaches(context, "run")) for (const event of events) fireTriggers(context, table, event);
      return undefined;
    }
    views.push(table);
    const sources: readonly { readonly relation: number }[] = view?.reads ?? [];
    const [source] = sources;
    table = source === undefined ? undefined : byId(draft.world, source.relation);
    if (table === undefined || sources.length > 1) {
      draft.unknown(`which table is changed through view ${name} is not known`);
      return undefined;
    }
    draft.lock(table, "RowExclusive", "view-source");
    if (table.kind !== "view" && !isTable(table)) {
      draft.fail("always", "55000", `cannot change rows of view "${name}"`);
      return undefined;
    }
  }
  // ONLY before the name of a view says nothing about its table.
  const whole = named.kind === "view" ? { ...range, inh: true } : range;
  const below = (column: string) => views.reduce((name, view) => columnBelow(view, name), column);
  return table === undefined ? undefined : { table, range: whole, named, below };
}

function insert(context: QueryContext, statement: InsertStmt): void {
  const { draft } = context;
  const inner = withQueries(context, statement.withClause, statement);
  const updates = statement.onConflictClause?.action === "ONCONFLICT_UPDATE";
  refuseConflictClause(inner, statement);
  const found = lockTarget(inner, statement.relation, "insert", ...(updates ? updateToo : []));
  const { relation: _relation, withClause: _with, ...rest } = statement;
  visitQuery(inner, rest);
  if (found === undefined) return;
  const { table, named, below } = found;
  const columns = targetNames(statement.cols);
  if (!knowsColumns(inner, named, columns)) return;
  const conflict = statement.onConflictClause;
  if (conflict?.infer !== undefined && !lockArbiters(inner, table, conflict.infer)) return;
  if (!reaches(context, "run")) return;
  const source = statement.selectStmt;
  const bounded = source === undefined || ("SelectStmt" in source && isFewRows(source.SelectStmt));
  insertRows(inner, table, {
    command: "insert",
    bounded,
    columns: new Set([...insertedColumns(named, columns, source)].map(below)),
    source,
    overriding: statement.override,
  });
  if (conflict?.action === "ONCONFLICT_UPDATE") {
    draft.change(table, "update", bounded);
    updateRows(inner, table, targetNames(conflict.targetList).map(below));
  }
}

/** The table below a view of one table; anything else itself. */
function baseOf(draft: EffectDraft, relation: Relation | undefined): Relation | undefined {
  const reads = relation?.kind === "view" ? (relation.view?.reads ?? []) : [];
  const [only] = reads;
  if (only === undefined || reads.length > 1 || only.relation === relation?.id) return relation;
  return baseOf(draft, byId(draft.world, only.relation));
}

/** Rules do not know what to do with rows that are not inserted (rewriteHandler.c, RewriteQuery). */
function refuseConflictClause(
  { draft }: QueryContext,
  { relation: range, onConflictClause }: InsertStmt,
): void {
  const relation = range && baseOf(draft, draft.find(rangeName(range)));
  const isRuled = relation?.rules.some(
    ({ enabled, event }) => enabled && (event === "insert" || event === "update"),
  );
  if (onConflictClause !== undefined && isRuled === true)
    draft.fail(
      "always",
      "0A000",
      "INSERT with ON CONFLICT clause cannot be used with table that has INSERT or UPDATE rules",
    );
}

/** Rows that the text itself holds: VALUES, a SELECT without FROM, or one with a LIMIT. */
function isFewRows(select: {
  readonly fromClause?: readonly Node[];
  readonly limitCount?: Node;
  readonly larg?: unknown;
}): boolean {
  return (select.fromClause ?? []).length === 0 && select.larg === undefined
    ? true
    : select.limitCount !== undefined;
}

/** ON CONFLICT with a target opens the unique indexes that may stand for it (plancat.c, infer_arbiter_indexes). */
function lockArbiters(
  context: QueryContext,
  table: Relation,
  infer: NonNullable<NonNullable<InsertStmt["onConflictClause"]>["infer"]>,
): boolean {
  const { draft } = context;
  const constraint = infer.conname;
  if (constraint !== undefined && !table.constraints.some(({ name }) => name === constraint)) {
    draft.missing(`constraint "${constraint}" for table "${table.name}"`, "42704");
    return false;
  }
  const named = (infer.indexElems ?? []).map((node) =>
    "IndexElem" in node ? node.IndexElem.name : undefined,
  );
  const fits = ({ index }: Relation) =>
    index?.unique === true &&
    index.columns.length === named.length &&
    index.columns.every((column) => named.includes(column));
  const plain = constraint === undefined && !named.includes(undefined);
  if (plain && !indexesOf(draft.world, table.id).some(fits)) {
    draft.fail(
      "always",
      "42P10",
      "there is no unique or exclusion constraint matching the ON CONFLICT specification",
    );
    return false;
  }
  if (reaches(context, "planned")) draft.lockIndexes(table, "RowExclusive");
  return true;
}

/** False, with the failure noted, when the statement names a column that is not there. */
function knowsColumns(
  { draft }: QueryContext,
  table: Relation,
  columns: readonly string[],
): boolean {
  const known = new Set(table.columns.map(({ name }) => name));
  if (known.size === 0 && !draft.knowsAll) return true;
  const unknown = columns.find((name) => !known.has(name));
  if (unknown === undefined) return true;
  draft.missing(`column "${unknown}" of relation "${table.name}"`, "42703");
  return false;
}

function update(context: QueryContext, statement: UpdateStmt): void {
  const { relation, withClause, whereClause, fromClause, targetList } = statement;
  const inner = withQueries(context, withClause, statement);
  const found = lockTarget(inner, relation, "update");
  visitQuery(inner, [targetList, statement.returningClause]);
  readSources(inner, fromClause, whereClause);
  refuseSequences(inner, fromClause ?? []);
  if (found === undefined) return;
  const names = targetNames(targetList);
  if (!knowsColumns(inner, found.named, names) || !reaches(inner, "planned")) return;
  const columns = names.map(found.below);
  for (const table of planTarget(inner, found, whereClause)) {
    if (!reaches(inner, "run") || table.kind === "partitioned table") continue;
    refuseNulls(inner, table, targetList, found.below);
    refuseGenerated(inner, table, targetList, found.below);
    inner.draft.change(
      table,
      "update",
      isChangeBounded(inner, found, statement, whereClause, fromClause),
    );
    updateRows(inner, table, columns);
    if (mayMove(inner, found.table, columns)) moveRows(inner, table);
  }
}

/** Whether rows of a partitioned table may go to another partition, as a key of any level is set. */
function mayMove(
  { draft }: Pick<QueryContext, "draft">,
  { id, partitioning }: Relation,
  columns: readonly string[],
): boolean {
  if (partitioning === undefined) return false;
  const { columns: keys, expressions } = partitioning;
  return (
    [...keys, ...expressions.flatMap(columnsIn)].some((key) => columns.includes(key)) ||
    partitionsOf(draft.world, id).some((partition) => mayMove({ draft }, partition, columns))
  );
}

/** Generated and always generated columns take DEFAULT only (rewriteHandler.c, rewriteTargetListIU). */
function refuseGenerated(
  { draft }: QueryContext,
  table: Relation,
  targets: readonly Node[] | undefined,
  below: Target["below"],
  isMergeInView = false,
): void {
  for (const node of targets ?? []) {
    if (!("ResTarget" in node) || node.ResTarget.val === undefined) continue;
    const { val } = node.ResTarget;
    const name = below(node.ResTarget.name ?? "");
    const column = table.columns.find((own) => own.name === name);
    const isAlways = column?.generated !== undefined || column?.identity === "always";
    // MERGE makes a value of DEFAULT before it comes to the view's table.
    if (isAlways && (isMergeInView || !("SetToDefault" in val)))
      draft.fail("always", "428C9", `column "${name}" can only be updated to DEFAULT`);
  }
}

/** NULL itself for a column that must not be null: rows that are found fail. */
function refuseNulls(
  { draft }: QueryContext,
  table: Relation,
  targets: readonly Node[] | undefined,
  below: Target["below"],
): void {
  for (const node of targets ?? []) {
    if (!("ResTarget" in node) || !isNull(node.ResTarget.val)) continue;
    const name = below(node.ResTarget.name ?? "");
    if (table.columns.some((column) => column.name === name && column.notNull))
      draft.fail("on-rows", "23502", nullIn(name, table.name), table);
  }
}

function remove(context: QueryContext, statement: DeleteStmt): void {
  const { relation, withClause, whereClause, usingClause } = statement;
  const inner = withQueries(context, withClause, statement);
  const found = lockTarget(inner, relation, "delete");
  visitQuery(inner, statement.returningClause);
  readSources(inner, usingClause, whereClause);
  refuseSequences(inner, usingClause ?? []);
  if (found === undefined || !reaches(inner, "planned")) return;
  for (const table of planTarget(inner, found, whereClause)) {
    if (!reaches(inner, "run") || table.kind === "partitioned table") continue;
    inner.draft.change(
      table,
      "delete",
      isChangeBounded(inner, found, statement, whereClause, usingClause),
    );
    deleteRows(inner, table);
  }
}

function merge(context: QueryContext, statement: MergeStmt): void {
  const { draft } = context;
  const inner = withQueries(context, statement.withClause, statement);
  const found = lockTarget(inner, statement.relation, "insert", "update", "delete");
  if (draft.world.major < 15) draft.fail("always", "42601", "MERGE came with Postgres 15");
  const named = statement.relation && draft.find(rangeName(statement.relation));
  const isEarly = named?.kind === "view" && draft.world.major < 17;
  const base = baseOf(draft, named);
  if (isEarly || (base !== undefined && base.kind !== "view" && base.rules.length > 0))
    draft.fail("always", "0A000", `cannot execute MERGE on relation "${base?.name}"`);
  const source = statement.sourceRelation;
  readSources(inner, source === undefined ? [] : [source], undefined);
  refuseSequences(inner, source === undefined ? [] : [source]);
  visitQuery(inner, [
    statement.joinCondition,
    statement.mergeWhenClauses,
    statement.returningClause,
  ]);
  if (found === undefined || !reaches(inner, "planned")) return;
  const tables = planTarget(inner, found, undefined);
  if (!reaches(inner, "run")) return;
  for (const node of statement.mergeWhenClauses ?? []) {
    if (!("MergeWhenClause" in node)) continue;
    const { commandType, targetList } = node.MergeWhenClause;
    const columns = targetNames(targetList).map(found.below);
    if (commandType === "CMD_UPDATE")
      refuseGenerated(inner, found.table, targetList, found.below, named?.kind === "view");
    if (commandType === "CMD_INSERT") {
      insertRows(inner, found.table, {
        command: "merge",
        bounded: false,
        columns: insertedColumns(found.table, columns, undefined),
        source: undefined,
        overriding: undefined,
      });
    } else
      for (const table of tables) {
        if (table.kind === "partitioned table") continue;
        if (commandType === "CMD_UPDATE") updateRows(inner, table, columns);
        if (commandType === "CMD_DELETE") deleteRows(inner, table);
        if (commandType !== "CMD_NOTHING") draft.change(table, "merge", false);
      }
  }
}

/** Rows that are joined to those that change are locked again should these have changed, which no sequence allows. */
function refuseSequences({ draft }: QueryContext, from: readonly Node[]): void {
  for (const item of from) {
    const found = "RangeVar" in item ? draft.find(rangeName(item.RangeVar)) : undefined;
    if (found?.kind === "sequence")
      draft.fail("always", "42809", `cannot lock rows in sequence "${found.name}"`);
  }
}

/** Other tables of the statement: those of FROM and USING, and of queries in the conditions. */
function readSources(
  context: QueryContext,
  from: readonly Node[] | undefined,
  where: Node | undefined,
): void {
  visitQuery(context, {
    SelectStmt: {
      op: "SETOP_NONE",
      limitOption: "LIMIT_OPTION_DEFAULT",
      ...(from !== undefined && { fromClause: [...from] }),
      ...(where !== undefined && { whereClause: where }),
    },
  });
}

/** The target is planned like a table that is read, in its own lock mode. */
function planTarget(
  { draft }: QueryContext,
  { table, range }: Target,
  where: Node | undefined,
): readonly Relation[] {
  return planTable(draft, table, "RowExclusive", { only: range.inh !== true, where });
}

function isChangeBounded(
  { draft }: QueryContext,
  { table, range }: Target,
  statement: UpdateStmt | DeleteStmt,
  where: Node | undefined,
  from: readonly Node[] | undefined,
): boolean {
  const queries = new Map(
    (statement.withClause?.ctes ?? []).flatMap((node): [string, Node][] => {
      if (!("CommonTableExpr" in node) || node.CommonTableExpr.ctequery === undefined) return [];
      const { ctename = "", ctequery } = node.CommonTableExpr;
      return isChange(ctequery) ? [] : [[ctename, ctequery]];
    }),
  );
  const alias = range.alias?.aliasname ?? rangeName(range).name;
  return isBounded(draft.world, { relation: table, alias }, where, from, queries);
}
