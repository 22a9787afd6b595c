import { LockstepError } from "../../errors/index.ts";
import { isConnectionLost, sqlState } from "../../pg/index.ts";
import { quoteQualified, type Statement } from "../../sql/index.ts";
import { examine, rangeName, regclass } from "../postcondition/index.ts";
import type { RunContext, UnitWork } from "../context.ts";
import { pause } from "../pause.ts";
import { isConcurrent } from "../transaction-rules.ts";
import { bodyOf, inside, listOf } from "../tree.ts";
import {
  hasSameDefinition,
  readIndex,
  readInvalidIndexes,
  readReindexLeftovers,
  readTwins,
  tableOf,
  type IndexFacts,
} from "./index-facts.ts";

/**
 * Makes way for a statement: removes what an earlier, failed run of it left, so that it neither fails on it nor takes
 * it for its own work. The worker's session must have the settings that the statement will run under.
 *
 * @returns the statement to send: the file's own, or what finishes an interrupted DETACH PARTITION
 * @throws LockstepError `postcondition-failed` when something of the same name is there that is not ours to remove
 */
export async function makeWay(
  context: RunContext,
  work: UnitWork,
  statement: Statement,
): Promise<string> {
  if (statement.kind === "IndexStmt") await makeWayForIndex(context, work, statement);
  if (statement.kind === "ReindexStmt" && isConcurrent(statement))
    for (const index of await readReindexLeftovers(
      context.worker.session,
      reindexTargets(statement),
    ))
      await remove(context, index, "left by an interrupted REINDEX CONCURRENTLY");
  if (statement.kind === "AlterTableStmt" && isConcurrent(statement))
    return finishDetach(context, statement);
  return statement.sql;
}

/**
 * The same for the CREATE INDEX IF NOT EXISTS statements of a transaction, before it is sent. Not for those whose name
 * an earlier statement of the unit may free.
 */
export async function makeWayForUnit(context: RunContext, work: UnitWork): Promise<void> {
  const { settings, statements } = work.unit;
  const wanted = statements.filter(
    (statement, index) =>
      statement.kind === "IndexStmt" &&
      bodyOf(statement)["if_not_exists"] === true &&
      !statements
        .slice(0, index)
        .some(({ kind }) => ["DropStmt", "RenameStmt", "DoStmt", "CallStmt"].includes(kind)),
  );
  if (wanted.length === 0) return;
  if (settings.length > 0) await context.worker.batch(settings.map(({ sql }) => sql).join("\n;\n"));
  for (const statement of wanted) await makeWayForIndex(context, work, statement);
  await context.worker.resetSettings();
}

/**
 * Removes what a failed attempt of a statement has left, so that nothing of it remains. Waits only a little: behind
 * the old transaction that the build waited for in vain the next attempt, or the next run, has to do it.
 *
 * @returns false when something had to be left
 */
export async function removeLeftovers(
  context: RunContext,
  statement: Statement,
  waitMs = 10_000,
): Promise<boolean> {
  const { session } = context.worker;
  if (!isConcurrent(statement)) return true;
  const concurrentWaitMs = Math.min(waitMs, context.options.concurrentWaitMs);
  const hurried = { ...context, options: { ...context.options, concurrentWaitMs } };
  try {
    if (statement.kind === "IndexStmt") {
      const name = bodyOf(statement)["idxname"] as string | undefined;
      for (const index of await readInvalidIndexes(session, tableOf(statement)))
        if (
          (name === undefined || index.name === name) &&
          (await hasSameDefinition(session, statement, index.oid))
        )
          await remove(hurried, index, "left invalid by the failed build");
    } else if (statement.kind === "ReindexStmt")
      for (const index of await readReindexLeftovers(session, reindexTargets(statement)))
        await remove(hurried, index, "left by the failed REINDEX CONCURRENTLY");
    return true;
  } catch (error) {
    if (isConnectionLost(error)) throw error;
    return false;
  }
}

async function makeWayForIndex(
  context: RunContext,
  work: UnitWork,
  statement: Statement,
): Promise<void> {
  const { session } = context.worker;
  const body = bodyOf(statement);
  const name = body["idxname"] as string | undefined;
  if (name === undefined) {
    for (const twin of await readInvalidIndexes(session, tableOf(statement)))
      if (await hasSameDefinition(session, statement, twin.oid))
        await remove(context, twin, "left invalid by an earlier build");
    return;
  }
  const found = await readIndex(session, tableOf(statement), name);
  // Whoever builds it right now may come to a good end.
  const isAwaited = found?.valid === false && (await awaitBuilder(context, found));
  const index = isAwaited ? await readIndex(session, tableOf(statement), name) : found;
  if (index === undefined) return;
  const isOurs = await hasSameDefinition(session, statement, index.oid);
  if (index.valid || index.partitioned) {
    // Without IF NOT EXISTS the server itself refuses.
    if (body["if_not_exists"] === true && !isOurs) throw inTheWay(work, statement, index);
    return;
  }
  if (!isOurs) throw inTheWay(work, statement, index);
  await remove(context, index, "left invalid by an earlier build");
}

/** True when a valid index that is what the statement would build is there, whatever its name. */
export async function hasTwin(context: RunContext, statement: Statement): Promise<boolean> {
  const twins = await readTwins(context.worker.session, statement);
  return twins.some(({ valid }) => valid);
}

function inTheWay(work: UnitWork, statement: Statement, index: IndexFacts): LockstepError {
  const place = `${work.migration.file}:${statement.line}`;
  const name = `${index.schema}.${index.name}`;
  return new LockstepError("postcondition-failed", {
    what: `${place}: an index named ${name} is there that is not the one this statement makes`,
    expected: "no index of that name, or a valid one with the same definition",
    found: `${index.valid ? "a valid" : "an INVALID"} index with another definition`,
    from: place,
    why: index.valid
      ? "IF NOT EXISTS looks only at the name, so the index that is wanted would never be built"
      : "a concurrent build of another definition failed under this name",
    next: [
      `look at it: SELECT pg_get_indexdef('${name}'::regclass)`,
      `when nobody needs it: DROP INDEX CONCURRENTLY ${quoteQualified(index.schema, index.name)}; then run the same command again`,
    ],
  });
}

/** Drops an invalid index without blocking anybody, once nobody builds it any more. */
async function remove(context: RunContext, index: IndexFacts, reason: string): Promise<void> {
  const { worker, options } = context;
  const object = `${index.schema}.${index.name}`;
  await awaitBuilder(context, index);
  const deadline = Date.now() + options.concurrentWaitMs;
  await worker.batch(`SET lock_timeout = ${options.concurrentWaitMs};\nSET statement_timeout = 0`);
  for (;;) {
    try {
      await worker.session.query(
        `DROP INDEX CONCURRENTLY IF EXISTS ${quoteQualified(index.schema, index.name)}`,
      );
      break;
    } catch (error) {
      // A deadlock with a transaction that waits for the index's table: the other one goes first.
      if (sqlState(error) !== "40P01" || Date.now() > deadline) throw error;
      await pause(200 * Math.random(), context.halt);
    }
  }
  context.emit({ type: "step.cleaned", object: `index ${object}`, reason });
}

/** Waits for a session that builds the index at this moment. False when none does. */
async function awaitBuilder(context: RunContext, index: IndexFacts): Promise<boolean> {
  const { worker, options, halt } = context;
  if (index.builder === null || index.builder === worker.pid) return false;
  const object = `${index.schema}.${index.name}`;
  const deadline = Date.now() + options.concurrentWaitMs;
  context.emit({
    type: "notice",
    severity: "warning",
    message: `backend ${index.builder} is building index ${object} right now; waiting for it`,
  });
  for (;;) {
    const { rows } = await worker.session.query(
      "SELECT FROM pg_catalog.pg_stat_progress_create_index WHERE pid = $1",
      [index.builder],
    );
    if (rows.length === 0) return true;
    if (Date.now() > deadline)
      throw new LockstepError("lock-timeout", {
        what: `another session is still building index ${object}`,
        expected: `it to end within ${Math.round(options.concurrentWaitMs / 1000)} s`,
        found: `backend ${index.builder} at work`,
        from: "pg_stat_progress_create_index",
        why: "somebody builds the same index by hand, or another tool does",
        next: ["wait for it to finish, then run the same command again"],
      });
    await pause(250, halt);
  }
}

/** A query for the oids of the tables that a REINDEX works on. */
function reindexTargets(statement: Statement): string {
  const body = bodyOf(statement);
  const name = body["relation"] === undefined ? [] : rangeName(body["relation"]);
  switch (body["kind"]) {
    case "REINDEX_OBJECT_INDEX":
      return `SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid = ${regclass(name)}`;
    case "REINDEX_OBJECT_TABLE":
      return `SELECT ${regclass(name)} UNION ALL SELECT relid FROM pg_catalog.pg_partition_tree(${regclass(name)})`;
    default:
      return "SELECT oid FROM pg_catalog.pg_class WHERE relkind IN ('r', 'm')";
  }
}

/** DETACH PARTITION CONCURRENTLY commits twice; when only the first commit was made, FINALIZE makes the second. */
async function finishDetach(context: RunContext, statement: Statement): Promise<string> {
  const body = bodyOf(statement);
  const parent = rangeName(body["relation"]);
  const part = rangeName(inside(listOf(body, "cmds")[0]?.["def"])["name"]);
  const { rows } = await context.worker.session.query<{ parent: string; part: string }>(
    `SELECT inhparent::regclass::text AS parent, inhrelid::regclass::text AS part FROM pg_catalog.pg_inherits
     WHERE inhrelid = ${regclass(part)} AND inhparent = ${regclass(parent)} AND inhdetachpending`,
  );
  // Both names come out of regclass, which quotes them.
  const pending = rows[0];
  if (pending === undefined) return statement.sql;
  return `ALTER TABLE ${pending.parent} DETACH PARTITION ${pending.part} FINALIZE`;
}

/** Whether the catalog shows the statement's whole effect; an unnamed index is looked for by its definition. */
export async function isDone(context: RunContext, statement: Statement): Promise<boolean> {
  if (statement.kind === "IndexStmt" && bodyOf(statement)["idxname"] === undefined)
    return hasTwin(context, statement);
  const { remained } = await examine(context.worker.session, [statement]);
  return remained === "everything";
}
