/** One case: carried as a plan, or run as it was written, while an application works and somebody reads. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runPhase } from "../../dist/phases/index.js";
import { Session } from "../../dist/pg/index.js";
import { makePlan, readPlan, writePlan } from "../../dist/plan/index.js";
import { operations } from "../../dist/plan/operations/all.js";
import { parseSql } from "../../dist/sql/index.js";
import { readFor, Readers } from "./readers.mjs";

/** Other cases are at work on the same server: what they make slow is not this one's to give way to. */
const steering = { cpus: 2, ignore: ["sessions", "latency", "wal"] };

/** What the application sends to a table or view. */
const statementsOn = (tables) =>
  tables.flatMap((table) => [
    `SELECT id, seen FROM ${table} WHERE id = $1`,
    `UPDATE ${table} SET seen = seen + 1 WHERE id = $1`,
  ]);

/** A fresh copy of the tables, with what the case has besides. */
async function databaseOf({ scratch, template }, { base }) {
  const database = await scratch.createDatabase({ template });
  if (base !== undefined) await run(database.url, [base]);
  return database;
}

async function run(url, texts) {
  const session = await Session.open({ url, applicationName: "bench" });
  try {
    for (const text of texts) await session.batch(text);
  } finally {
    await session.close();
  }
}

/**
 * The plan of a case, and the operations that answered for its statements.
 * @returns `folder` undefined when there is no online way
 */
export async function planOf(stage, one, id) {
  const database = await databaseOf(stage, one);
  const { major } = stage.scratch;
  const made = await makePlan({ id, url: database.url, major, file: `${id}.sql`, sql: one.naive });
  await database.drop();
  const answered = new Set(await operationsIn(made, id, major));
  if (made.plan === undefined) return { answered };
  const root = mkdtempSync(join(tmpdir(), "lockstep-stall-"));
  try {
    const path = writePlan(root, made.plan, {
      version: 1,
      id,
      migration: { id, file: `${id}.sql`, checksum: id },
      major,
      searchPath: made.searchPath,
      start: made.start,
      notes: made.plan.notes,
      remains: made.plan.remains,
      exemptions: made.plan.exemptions ?? [],
    });
    return { answered, folder: await readPlan(join(root, path), root) };
  } finally {
    rmSync(root, { recursive: true });
  }
}

async function operationsIn({ parts, naive, searchPath }, plan, major) {
  const { start, goal, existed } = naive;
  const names = parts.map(async ({ kind, statements: [own] }) => {
    if (kind === "kept") return "kept";
    const at = naive.statements.indexOf(own);
    const [preceding, following] = [naive.statements.slice(0, at), naive.statements.slice(at + 1)];
    const input = { ...own, plan, preceding, following, start, goal, existed, searchPath, major };
    for (const operation of operations)
      if ((await operation(input)) !== undefined) return operation.name;
    return "none";
  });
  return Promise.all(names);
}

/** The longest wait of the application while the plan is carried, its statements that failed, and the steps that gave way. */
export async function carried(stage, one, folder, seconds) {
  const { application, rows } = stage;
  const database = await databaseOf(stage, one);
  const { url } = database;
  const { tables = ["item"], after = tables } = one;
  const readers = new Readers(url, seconds);
  let gaveWay = 0;
  const emit = (event) => {
    readers.hear(event);
    if (event.type === "step.retried") gaveWay++;
  };
  await application.ask({ start: url, url, rows, statements: statementsOn(tables) });
  try {
    await readers.turnTo(tables);
    for (const phase of ["expand", "backfill", "contract"]) {
      if (phase === "contract") {
        await application.ask({ change: url, statements: statementsOn(after) });
        await readers.turnTo(after);
      }
      await runPhase({ url, plan: folder, phase, emit, backfill: { steering } });
    }
    await sleep(200);
  } finally {
    await readers.stop();
  }
  const seen = await application.ask({ stop: url });
  await database.drop();
  return { ...seen, gaveWay };
}

/** The longest wait of the application while the migration runs as it was written, in one transaction where it can. */
export async function asWritten(stage, one, seconds) {
  const { application, rows } = stage;
  const database = await databaseOf(stage, one);
  const { url } = database;
  const { tables = ["item"] } = one;
  const statements = await parseSql(one.naive, "naive.sql");
  const isAlone = statements.some(({ kind }) => kind === "VacuumStmt" || kind === "ClusterStmt");
  await application.ask({ start: url, url, rows, statements: statementsOn(tables) });
  const reader = await readFor(url, tables, seconds);
  await run(url, [isAlone ? one.naive : `BEGIN;\n${one.naive};\nCOMMIT`]);
  await sleep(200);
  const seen = await application.ask({ stop: url });
  await reader.ended;
  await database.drop();
  return seen;
}
