import type { Node, RangeVar } from "@pgsql/types";
import { byId, type Relation } from "../../world/index.ts";
import { rangeName } from "../../world/nodes.ts";
import type { EffectDraft } from "../draft.ts";
import { isTable, target } from "../names.ts";
import type { QueryContext } from "./context.ts";
import { reaches } from "./context.ts";
import { planTable } from "./plan-table.ts";
import { visitQuery } from "./read.ts";
import { fireTriggers } from "./row-triggers.ts";
import { columnBelow } from "./view-columns.ts";

export type RowEvent = "insert" | "update" | "delete";

/** A table whose rows are changed; `table` differs from `named` when that is a view. */
export interface Target {
  readonly table: Relation;
  readonly range: RangeVar;
  /** The relation that the statement names. */
  readonly named: Relation;
  /** What a column of `named` is in `table`. */
  readonly below: (column: string) => string;
}

/** Locks the target in RowExclusive, through a view also its table (rewriteHandler.c, rewriteTargetView). */
export function lockTarget(
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

/** Generated and always generated columns take DEFAULT only (rewriteHandler.c, rewriteTargetListIU). */
export function refuseGenerated(
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

/** Rows that are joined to those that change are locked again should these have changed, which no sequence allows. */
export function refuseSequences({ draft }: QueryContext, from: readonly Node[]): void {
  for (const item of from) {
    const found = "RangeVar" in item ? draft.find(rangeName(item.RangeVar)) : undefined;
    if (found?.kind === "sequence")
      draft.fail("always", "42809", `cannot lock rows in sequence "${found.name}"`);
  }
}

/** Other tables of the statement: those of FROM and USING, and of queries in the conditions. */
export function readSources(
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
export function planTarget(
  { draft }: QueryContext,
  { table, range }: Target,
  where: Node | undefined,
): readonly Relation[] {
  return planTable(draft, table, "RowExclusive", { only: range.inh !== true, where });
}

/** The table below a view of one table; anything else itself. */
export function baseOf(draft: EffectDraft, relation: Relation | undefined): Relation | undefined {
  const reads = relation?.kind === "view" ? (relation.view?.reads ?? []) : [];
  const [only] = reads;
  if (only === undefined || reads.length > 1 || only.relation === relation?.id) return relation;
  return baseOf(draft, byId(draft.world, only.relation));
}
