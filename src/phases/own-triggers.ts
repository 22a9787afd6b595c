import { LockstepError } from "../errors/index.ts";
import type { Session } from "../pg/index.ts";
import { isKeyGuard, type PlanFolder } from "../plan/index.ts";
import { parseSql, qualifiedName, quoteIdent, quoteLiteral, type Statement } from "../sql/index.ts";

/** Triggers of a plan under one name. */
export interface OwnTriggers {
  readonly name: string;
  /** How many tables have one; those of partitions, which come with their parent's, do not count. */
  readonly tables: number;
}

/** What a plan's files make for the time in which both releases run. */
export async function statementsBeforeContract({
  texts,
  path,
}: PlanFolder): Promise<readonly Statement[]> {
  return [
    ...(await parseSql(texts["expand.sql"], `${path}/expand.sql`)),
    ...(await parseSql(texts["backfill.sql"], `${path}/backfill.sql`)),
  ];
}

/** The triggers that keep both forms in step, as the plan's files make them before its contract phase. */
export async function ownTriggers(plan: PlanFolder): Promise<readonly OwnTriggers[]> {
  const found = new Map<string, Set<string>>();
  for (const { node } of await statementsBeforeContract(plan)) {
    if (!("CreateTrigStmt" in node)) continue;
    const { trigname = "", relation, funcname = [] } = node.CreateTrigStmt;
    const [schema, routine = ""] = funcname.map((part) =>
      "String" in part ? part.String.sval : undefined,
    );
    if (schema !== "lockstep" || isKeyGuard(routine)) continue;
    const tables = found.get(trigname) ?? new Set<string>();
    found.set(trigname, tables.add(`${relation?.schemaname} ${relation?.relname}`));
  }
  return [...found].map(([name, tables]) => ({ name, tables: tables.size }));
}

/** A condition that holds while one of them is gone, or does not fire for all writes. */
export function areOffSql(triggers: readonly OwnTriggers[]): string {
  const name = (one: OwnTriggers) => quoteLiteral(one.name).trim();
  const off = `EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgname IN (${triggers.map(name).join(", ")}) AND tgenabled <> 'A')`;
  const gone = triggers.map(
    (one) =>
      `(SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger WHERE tgname = ${name(one)} AND tgparentid = 0) < ${one.tables}`,
  );
  return [off, ...gone].join(" OR ");
}

/**
 * Looks that every row that is written is written in both forms.
 * @throws LockstepError `dual-writes-off`
 */
export async function requireTriggersOn(session: Session, plan: PlanFolder): Promise<void> {
  const triggers = await ownTriggers(plan);
  if (triggers.length === 0) return;
  const [[isOff]] = (await session.queryArrays(`SELECT ${areOffSql(triggers)}`)) as [[boolean]];
  if (!isOff) return;
  const off = await session.query<{ schema: string; table: string; name: string; state: string }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS table, t.tgname::text AS name,
            CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled for replicas only' ELSE 'not enabled for replicated writes' END AS state
       FROM pg_catalog.pg_trigger t
       JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE t.tgname = ANY ($1) AND t.tgenabled <> 'A' ORDER BY 1, 2, 3`,
    [triggers.map(({ name }) => name)],
  );
  const { id } = plan.plan;
  throw new LockstepError("dual-writes-off", {
    what: `plan ${id}: a trigger that keeps both forms of its rows in step does not fire`,
    expected: "each of its triggers there and enabled always, as the expand phase has made them",
    found:
      off.rows.length === 0
        ? `one is gone, of ${triggers.map(({ name }) => quoteIdent(name)).join(", ")}`
        : off.rows
            .map(
              ({ schema, table, name, state }) =>
                `${qualifiedName(schema, table)}: ${quoteIdent(name)} is ${state}`,
            )
            .join("\n"),
    from: session.where,
    why: "somebody ran DISABLE TRIGGER or dropped it: what was written since is in the form of the release that wrote it alone, and with the other form's end it would be lost",
    next: [
      `take the plan back and begin again: lockstep rollback ${id}, when no release that writes the new form has run meanwhile`,
      "or ALTER TABLE … ENABLE ALWAYS TRIGGER …, then run the same command again: it compares both forms of all rows, and names those that were written meanwhile",
    ],
  });
}
