import { diff } from "../../src/catalog/index.ts";
import { differenceName } from "../../src/plan/index.ts";
import { quoteIdent, quoteQualified } from "../../src/sql/index.ts";
import { tablesInTwoForms } from "../../src/phases/in-step.ts";
import type { HarnessCase } from "./harness.ts";
import { ask, catalogOf, type Project } from "./support.ts";

/** Rows whose two forms do not belong together; asked in one snapshot. */
export async function formsApart(
  url: string,
  { made, plan }: Project,
  { wrongWhileBoth }: HarnessCase,
): Promise<readonly string[]> {
  const mappings = made.parts.flatMap((part) =>
    part.kind === "refused" ? [] : (part.planned.mappings ?? []),
  );
  const failures: string[] = [];
  for (const { table, mapping } of mappings) {
    const differ = (side: typeof mapping.new) =>
      side.length === 0
        ? "true"
        : `ROW(${side.map(({ name }) => quoteIdent(name)).join(", ")})::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(${side.map(({ from, type }) => `(${from})::${type}`).join(", ")})::pg_catalog.record`;
    const rows = await ask(
      url,
      `SELECT * FROM ${quoteQualified(table.schema, table.name)} WHERE ${differ(mapping.new)} AND ${differ(mapping.old)} LIMIT 3`,
    );
    for (const row of rows) failures.push(`the forms diverge: ${JSON.stringify(row)}`);
  }
  for (const { schema, name, apart } of await tablesInTwoForms(plan)) {
    const rows = `SELECT * FROM ${quoteQualified(schema, name)} AS t WHERE ${apart.join(" OR ")} LIMIT 3`;
    failures.push(...(await rowsOf(url, rows, "told to be apart")));
  }
  return [...failures, ...(await rowsOf(url, wrongWhileBoth, "wrong while both run"))];
}

/** What an abort has not given back. */
export async function apartFromStart(
  url: string,
  { start, plan }: Project,
): Promise<readonly string[]> {
  const left = await diff(start, await catalogOf(url), { columnOrder: false });
  return left
    .map((difference) => differenceName(difference))
    .filter((name) => !plan.plan.remains.includes(name))
    .map((name) => `after the abort: ${name}`);
}

/** What the naive migration would have made otherwise. */
export async function apartFromGoal(
  url: string,
  { goal }: Project,
  { wrongAtTheEnd }: HarnessCase,
): Promise<readonly string[]> {
  const left = await diff(goal, await catalogOf(url), { columnOrder: false });
  return [
    ...left.map((difference) => `at the end: ${differenceName(difference)}`),
    ...(await rowsOf(url, wrongAtTheEnd, "wrong at the end")),
  ];
}

async function rowsOf(
  url: string,
  sql: string | undefined,
  what: string,
): Promise<readonly string[]> {
  if (sql === undefined) return [];
  return (await ask(url, sql)).map((row) => `${what}: ${JSON.stringify(row)}`);
}

/** What is left of a plan in schema `lockstep` or elsewhere: routines, types, invalid indexes, locks. */
export async function leftovers(url: string): Promise<readonly string[]> {
  const rows = await ask<{ what: string }>(
    url,
    `SELECT 'routine ' || p.oid::regprocedure AS what FROM pg_proc p WHERE pronamespace = 'lockstep'::regnamespace AND proname ~ 'p1'
     UNION ALL SELECT 'relation ' || c.oid::regclass FROM pg_class c WHERE relname ~ '_p1$' AND relkind IN ('r', 'v', 'S', 'i')
     UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgname ~ 'lockstep'
     UNION ALL SELECT 'column ' || attname FROM pg_attribute WHERE attname ~ '^lockstep_' AND NOT attisdropped
     UNION ALL SELECT 'constraint ' || conname FROM pg_constraint WHERE conname ~ '_p1$'
     UNION ALL SELECT 'invalid index ' || indexrelid::regclass FROM pg_index WHERE NOT indisvalid
     UNION ALL SELECT 'lock of ' || a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
       WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows.map(({ what }) => `left: ${what}`);
}
