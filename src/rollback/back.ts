import { createHash } from "node:crypto";
import type { Catalog } from "../catalog/index.ts";
import { LockstepError } from "../errors/index.ts";
import type { Session } from "../pg/index.ts";
import { undoOf } from "../plan/index.ts";
import { readWayBack, type Migration, type MigrationFolder } from "../tools/index.ts";
import type { SqlBack } from "./request.ts";

/** The way back that the team has written; undefined when there is none. */
export function writtenBack(
  { tool }: MigrationFolder,
  migration: Migration,
  cwd: string,
): SqlBack | undefined {
  const written = readWayBack(tool, migration, cwd);
  return written && { kind: "file", from: written.file, ...written };
}

/**
 * The way back that the catalogs on both sides of a migration tell. In which order it goes is tried on scratch: what
 * something else still hangs on (2BP01) waits for that.
 *
 * @param session on scratch, where the migration is applied; it is left as it is
 * @throws LockstepError `rollback-refused` when something of it cannot be taken back so
 */
export async function inverseOf(
  session: Session,
  migration: Migration,
  { before, after }: { readonly before: Catalog; readonly after: Catalog },
): Promise<SqlBack> {
  const tables = new Set(
    Object.values(before.tables).map(({ schema, name }) => JSON.stringify([schema, name])),
  );
  const { undo, remains } = await undoOf(before, after, ({ schema, name }) =>
    tables.has(JSON.stringify([schema, name])),
  );
  if (remains.length > 0) throw noInverse(migration, remains);
  const inside = undo.flatMap((one) => (one.kind === "transaction" ? one.statements : []));
  // Last, for a foreign key may rest on a unique index; one that went with its table is not missed.
  const outside = undo.flatMap((one) => (one.kind === "outside" ? [one.statement] : []));
  const statements = await inOrder(session, inside, outside);
  if (statements.length === 0) throw nothingSeen(migration);
  const sql = `${statements.join(";\n")};\n`;
  const checksum = createHash("sha256").update(sql).digest("hex");
  return { kind: "inverse", from: migration.file, sql, checksum };
}

/**
 * The statements in an order in which each can run: indexes go after the others, but before what they rest on (a function, an
 * extension). Those that never can come last.
 */
async function inOrder(
  session: Session,
  inside: readonly string[],
  outside: readonly string[],
): Promise<readonly string[]> {
  await session.query("BEGIN");
  try {
    const first = await tryEach(session, inside);
    // What has to run outside a transaction is tried in the form that may run in one.
    const plain = outside.map((statement) => statement.replace(" CONCURRENTLY", ""));
    await tryEach(session, plain);
    const second = await tryEach(session, first.left);
    return [...first.done, ...outside, ...second.done, ...second.left];
  } finally {
    await session.query("ROLLBACK");
  }
}

/** Runs statements in the transaction that is open, each when it can. */
async function tryEach(session: Session, statements: readonly string[]) {
  const done: string[] = [];
  let left = statements;
  for (let before = left.length + 1; left.length > 0 && left.length < before;) {
    before = left.length;
    const waiting: string[] = [];
    for (const statement of left) {
      await session.query("SAVEPOINT step");
      const error = await session.query(statement).then(
        () => undefined,
        (failure: unknown) => failure,
      );
      if (error === undefined) done.push(statement);
      else {
        await session.query("ROLLBACK TO step");
        waiting.push(statement);
      }
    }
    left = waiting;
  }
  return { done, left };
}

const thrown = /^(?:missing-table|missing-column|column-type-changed) /;

function noInverse({ id, file }: Migration, remains: readonly string[]): LockstepError {
  return new LockstepError("rollback-refused", {
    what: `${id} has no way back that could be told from the catalogs, and none is written`,
    expected: "a down file, or changes that dropping takes back",
    found: remains.join("\n"),
    from: file,
    why: remains.some((one) => thrown.test(one))
      ? "it dropped or converted something: what that held before is in no catalog"
      : "an inverse is told only of what is new, of defaults, views and composite types; how it is taken back without a loss is for a person to say",
    next: [
      "write the way back beside the migration (docs/rollback.md), then lockstep rollback again",
      "or restore what is gone: lockstep snapshot list",
    ],
  });
}

function nothingSeen({ id, file }: Migration): LockstepError {
  return new LockstepError("rollback-refused", {
    what: `${id} changes nothing that a catalog shows, and no way back is written`,
    expected: "a down file",
    found: "no difference between the catalogs before and after it",
    from: file,
    why: "statements on rows leave no trace in the catalog: what they changed is not known",
    next: [
      "write the way back beside the migration (docs/rollback.md)",
      `or, when nothing is to be taken back: lockstep resolve ${id} --as rolled-back --force "WHY"`,
    ],
  });
}
