import { verifyBackfill } from "../backfill/index.ts";
import { LockstepError } from "../errors/index.ts";
import type { Emit } from "../events/index.ts";
import type { Session } from "../pg/index.ts";
import { apartFunction, flagColumn, type Fill, type PlanFolder } from "../plan/index.ts";
import {
  qualifiedName,
  quoteIdent,
  quoteLiteral,
  quoteQualified,
  type ParseNode,
} from "../sql/index.ts";
import { ownTriggers, statementsBeforeContract, type OwnTriggers } from "./own-triggers.ts";

/** Rows of one table whose forms do not belong together. */
interface Apart {
  readonly table: PlanTable;
  readonly rows: number;
}

/** A table of a plan, and what tells of a row whether its forms belong together. */
export interface PlanTable {
  readonly schema: string;
  readonly name: string;
  /** Conditions over the alias `t`, as SQL. */
  readonly apart: readonly string[];
}

/**
 * Each of these triggers as it stands in the catalog, as jsonb: whoever disables, enables or replaces one writes its
 * row of `pg_trigger` anew (EnableDisableTrigger, trigger.c), and with it the row's `xmin`, which vacuum leaves alone.
 */
function marksSql(triggers: readonly OwnTriggers[]): string {
  const names = triggers.map(({ name }) => quoteLiteral(name).trim()).join(", ");
  return `(SELECT coalesce(pg_catalog.jsonb_object_agg(m.tgrelid::text || ' ' || m.tgname, m.xmin::text), '{}') FROM pg_catalog.pg_trigger AS m WHERE m.tgname IN (${names}))`;
}

/** Statements that note the triggers of a plan as they are now; none without triggers. */
export function noteTriggersSql(plan: string, triggers: readonly OwnTriggers[]): readonly string[] {
  if (triggers.length === 0) return [];
  return [
    `UPDATE lockstep.plan SET evidence = coalesce(evidence, '{}') || pg_catalog.jsonb_build_object('triggers', ${marksSql(triggers)}) WHERE id = ${quoteLiteral(plan)}`,
  ];
}

/**
 * A condition that holds when one of a plan's triggers was changed since they were noted, or is gone. Those of new
 * partitions do not count; it is NULL when they never were noted.
 */
export function wereChangedSql(plan: string, triggers: readonly OwnTriggers[]): string {
  return `(SELECT NOT ${marksSql(triggers)} @> (p.evidence -> 'triggers') FROM lockstep.plan AS p WHERE p.id = ${quoteLiteral(plan)})`;
}

/**
 * Looks, when a trigger of a plan was changed, that no row was written meanwhile in one form only. It reads without a
 * lock that anybody waits for. What it has found to be in step is noted, and is not looked at again.
 *
 * @throws LockstepError `dual-writes-missed`
 */
export async function requireInStep(session: Session, plan: PlanFolder, emit: Emit): Promise<void> {
  const { id } = plan.plan;
  const triggers = await ownTriggers(plan);
  const tables = await tablesInTwoForms(plan);
  if (triggers.length === 0 || tables.length === 0) return;
  // Before the rows are read: what is changed meanwhile is seen the next time.
  const [[changed, marks]] = (await session.queryArrays(
    `SELECT ${wereChangedSql(id, triggers)}, ${marksSql(triggers)}::text`,
  )) as [[boolean | null, string]];
  if (changed !== true) return;
  const found = await rowsApart(session, tables);
  if (found.some(({ rows }) => rows > 0))
    throw missed(
      session,
      plan,
      found.filter(({ rows }) => rows > 0),
    );
  emit({
    type: "notice",
    severity: "info",
    message: `plan ${id}: triggers that keep both forms in step were changed since they were made; every row is in step all the same`,
  });
  await session.query(
    "UPDATE lockstep.plan SET evidence = evidence || pg_catalog.jsonb_build_object('triggers', $2::jsonb) WHERE id = $1",
    [id, marks],
  );
}

async function rowsApart(session: Session, tables: readonly PlanTable[]): Promise<Apart[]> {
  const found: Apart[] = [];
  for (const table of tables) {
    const { left } = await verifyBackfill(session, {
      table: quoteQualified(table.schema, table.name),
      todo: table.apart.join(" OR "),
    });
    found.push({ table, rows: left });
  }
  return found;
}

/** Tables for which the plan makes a function that compares the two forms of a row while both releases run. */
export async function tablesInTwoForms(plan: PlanFolder): Promise<readonly PlanTable[]> {
  const tables = new Map<string, PlanTable>();
  for (const { node } of await statementsBeforeContract(plan)) {
    if (!("CreateFunctionStmt" in node)) continue;
    const { funcname = [], parameters = [] } = node.CreateFunctionStmt;
    const [schema, routine] = namesOf(funcname);
    const [parameter] = parameters;
    if (schema !== "lockstep" || routine?.startsWith("apart_") !== true) continue;
    if (parameter === undefined || !("FunctionParameter" in parameter)) continue;
    const [of, name] = namesOf(parameter.FunctionParameter.argType?.names ?? []);
    if (of === undefined || name === undefined) continue;
    const key = JSON.stringify([of, name]);
    // With the star: a table may have a column that is called t.
    const apart = [...(tables.get(key)?.apart ?? []), `${quoteQualified(schema, routine)}(t.*)`];
    tables.set(key, { schema: of, name, apart });
  }
  return [...tables.values()];
}

function namesOf(nodes: readonly ParseNode[]): readonly string[] {
  return nodes.flatMap((node) => ("String" in node ? [node.String.sval ?? ""] : []));
}

function missed(session: Session, plan: PlanFolder, found: readonly Apart[]): LockstepError {
  const { id } = plan.plan;
  const shown = ({ schema, name }: PlanTable) => qualifiedName(schema, name);
  const total = found.reduce((sum, { rows }) => sum + rows, 0);
  return new LockstepError("dual-writes-missed", {
    what: `plan ${id}: ${total} ${total === 1 ? "row holds" : "rows hold"} two forms that do not belong together`,
    expected: "in each row two forms of which one gives the other",
    found: found.map(({ table, rows }) => `${shown(table)}: ${rows}`).join("\n"),
    from: session.where,
    why: "a trigger that keeps both forms in step was disabled, replaced or dropped: what was written without it is in the form of the release that wrote it alone",
    next: [
      ...found.flatMap(({ table }) => repairs(plan, table)),
      "or write the right values into those rows, with the triggers enabled (ENABLE ALWAYS); then run the same command again",
    ],
  });
}

function repairs({ plan }: PlanFolder, table: PlanTable): readonly string[] {
  const name = quoteQualified(table.schema, table.name);
  const where = table.apart.join(" OR ");
  const flags = plan.backfill.flatMap((step) =>
    step.kind === "fill" && quoteQualified(step.table.schema, step.table.name) === name
      ? flagOf(step)
      : [],
  );
  const each = (value: string, between: string) =>
    flags.map((flag) => `${flag} = ${value}`).join(between);
  const own = quoteIdent(flagColumn(plan.id));
  // A trigger of the same row sets the flag itself; that of another table cannot.
  const second = flags.every((flag) => flag === own)
    ? ""
    : `; then UPDATE ${name} AS t SET ${each("1", ", ")} WHERE ${each("0", " OR ")}`;
  const see = `see them: SELECT * FROM ${name} AS t WHERE ${where}`;
  const ofBoth = apartFunction(plan.id, table);
  // Columns that have changed their type: both releases write the one, and the other is computed from it.
  if (second === "" && !table.apart.includes(`${ofBoth}(t.*)`))
    return [
      see,
      `where the columns by their own names hold, which both releases write: UPDATE ${name} AS t SET ${own} = 0 WHERE ${where}`,
    ];
  return [
    see,
    `where the old release's form holds: UPDATE ${name} AS t SET ${each("0", ", ")} WHERE ${where}${second}`,
    ...(flags.includes(own)
      ? [`where the new release's form holds: UPDATE ${name} AS t SET ${own} = -1 WHERE ${where}`]
      : []),
  ];
}

/** The column that a fill sets in the rows that it has filled, when that is all it does. */
function flagOf({ set, todo }: Fill): readonly string[] {
  const flag = set.slice(0, -" = 1".length);
  return todo === `t.${flag} = 0` ? [flag] : [];
}
