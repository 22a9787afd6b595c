import { expect } from "vitest";
import { diff, introspect, type Catalog } from "../../src/catalog/index.ts";
import { Session } from "../../src/pg/index.ts";
import { composePlan } from "../../src/plan/compose.ts";
import { fillSql } from "../../src/plan/folder/write.ts";
import { differenceName } from "../../src/plan/inverse.ts";
import type { Change, Plan, Step } from "../../src/plan/model.ts";
import { runNaive } from "../../src/plan/naive.ts";
import { recognise, type Part } from "../../src/plan/recognise.ts";
import { splitStatements } from "../../src/plan/split.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { parseSql } from "../../src/sql/index.ts";

/** One naive migration, with statements that each release sends as long as it runs. */
export interface OperationCase {
  readonly name: string;
  /** Schema and rows before it. */
  readonly base: string;
  readonly naive: string;
  /** Must go well from the start until the contract phase begins; repeated at every point. */
  readonly old: string;
  /** Must go well from the end of the backfill phase on. */
  readonly new: string;
}

/** What becomes of each statement, and the plan when none is refused. */
export async function planOf(
  scratch: Scratch,
  base: string,
  naive: string,
  id = "p1",
): Promise<{ parts: readonly Part[]; plan: Plan | undefined; start: Catalog; goal: Catalog }> {
  const url = await databaseWith(scratch, base);
  const statements = splitStatements(await parseSql(naive, "naive.sql"), "naive.sql");
  const ran = await runNaive({ url, file: "naive.sql", sql: naive, statements });
  const searchPath = ["public"];
  const parts = await recognise({ naive: ran, plan: id, searchPath, major: scratch.major });
  const planned = parts.flatMap((part) => (part.kind === "refused" ? [] : [part.planned]));
  const isWhole = parts.every(({ kind }) => kind !== "refused");
  const plan = isWhole ? await composePlan(id, planned, searchPath) : undefined;
  return { parts, plan, start: ran.start, goal: ran.goal };
}

/**
 * Carries a case through: both releases' statements at every point of their lives, the naive catalog at the end, and
 * the starting catalog after an abort from every step.
 */
export async function testOperation(scratch: Scratch, one: OperationCase): Promise<Plan> {
  const { parts, plan, start, goal } = await planOf(scratch, one.base, one.naive);
  expect(parts.filter(({ kind }) => kind === "refused")).toEqual([]);
  if (plan === undefined) throw new Error("refused");
  await goThrough(scratch, one, plan, goal);
  await goBack(scratch, one, plan, start);
  return plan;
}

async function goThrough(
  scratch: Scratch,
  { base, old, new: release }: OperationCase,
  plan: Plan,
  goal: Catalog,
): Promise<void> {
  await using session = await open(await databaseWith(scratch, base));
  await session.batch(old);
  for (const step of [...plan.expand, ...plan.backfill]) {
    await runStep(session, step);
    await during(step, session.batch(old));
  }
  await session.batch(release);
  await session.batch(old);
  for (const step of plan.contract) {
    await runStep(session, step);
    await during(step, session.batch(release));
  }
  expect(await diff(goal, await introspect(session), { columnOrder: false })).toEqual([]);
}

async function goBack(
  scratch: Scratch,
  { base, old }: OperationCase,
  plan: Plan,
  start: Catalog,
): Promise<void> {
  const steps = [...plan.expand, ...plan.backfill];
  for (let done = 1; done <= steps.length; done++) {
    await using session = await open(await databaseWith(scratch, base));
    for (const step of steps.slice(0, done)) await runStep(session, step);
    await session.batch(old);
    for (const change of undoing(steps)) await runChange(session, change);
    const left = await diff(start, await introspect(session), { columnOrder: false });
    expect(left.filter((one) => !plan.remains.includes(differenceName(one)))).toEqual([]);
    await session.batch(old);
  }
}

/** Tells at which step a release's statement failed. */
async function during(step: Step, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw new Error(`after "${step.title}": ${(error as Error).message}`, { cause: error });
  }
}

export async function runStep(session: Session, step: Step): Promise<void> {
  if (step.kind === "fill") await session.query(fillSql(step));
  else await runChange(session, step);
}

async function runChange(session: Session, change: Change): Promise<void> {
  if (change.kind === "outside") await session.query(change.statement);
  else await session.batch(["BEGIN", ...change.statements, "COMMIT"].join(";\n"));
}

/** All of it, as `abort.sql` runs it however far the plan has come. */
function undoing(steps: readonly Step[]): readonly Change[] {
  return steps.toReversed().flatMap(({ undo }) => undo);
}

/** A new database with a schema and rows. */
export async function databaseWith(scratch: Scratch, base: string): Promise<string> {
  const template = await scratch.template(`operation ${base}`, async (url) => {
    await using session = await open(url);
    await session.batch(base);
    await session.query("CREATE SCHEMA IF NOT EXISTS lockstep");
  });
  return (await scratch.createDatabase({ template })).url;
}

async function open(url: string): Promise<Session> {
  return Session.open({ url, applicationName: "operation" });
}
