import { introspect, type Catalog, type QualifiedName } from "../catalog/index.ts";
import { breaksBetween, objectsOf, openObserver, readWorld } from "../effects/index.ts";
import { Session } from "../pg/index.ts";
import type { Statement } from "../sql/index.ts";
import { commentLines } from "./comments.ts";
import type { TableName } from "./model.ts";
import type { NaiveStatement } from "./operations/operation.ts";
import type { PlannedStatement } from "./unwrap.ts";

export interface NaiveRequest {
  /** A scratch database as it is before the migration; it is changed. */
  readonly url: string;
  /** Name of the file, for messages. */
  readonly file: string;
  /** Its text, and the statements of it. */
  readonly sql: string;
  readonly statements: readonly PlannedStatement[];
}

/** The naive migration as it ran on scratch. */
export interface Naive {
  readonly statements: readonly NaiveStatement[];
  readonly start: Catalog;
  readonly goal: Catalog;
  readonly existed: (table: TableName) => boolean;
}

/** A statement of the migration fails, whatever rows there are. */
export class NaiveFailure extends Error {
  readonly statement: Statement;

  constructor(message: string, statement: Statement) {
    super(message);
    this.statement = statement;
  }
}

/**
 * Runs a migration as it was written, statement by statement, on a database with rows, and looks at the catalog in
 * between.
 * @throws NaiveFailure
 */
export async function runNaive({ url, file, sql, statements }: NaiveRequest): Promise<Naive> {
  await using watcher = await Session.open({ url, applicationName: "lockstep/plan" });
  await using observer = await openObserver({ url });
  const start = await introspect(watcher);
  await observer.startFile({ file, statements, transaction: "statement" });
  const done: NaiveStatement[] = [];
  let before = start;
  let world = await readWorld(watcher);
  const existing = objectsOf(world);
  let end = 0;
  for (const statement of statements) {
    const { effect, error } = await observer.run(statement);
    const failed = error !== undefined && effect.failures.some(({ when }) => when === "always");
    if (failed && statement.optional === true && isFoundDone(error.sqlState)) continue;
    if (failed) throw new NaiveFailure(error.message, statement);
    const after = await introspect(watcher);
    const later = await readWorld(watcher);
    const commented = commentLines(sql, end, statement);
    done.push({
      statement,
      before,
      after,
      effect: { ...effect, breaks: breaksBetween(world, later, existing) },
      comments: commented.map((comment) => comment.text),
      commented,
      file,
    });
    [before, world, end] = [after, later, Math.max(end, statement.end)];
  }
  await observer.endFile();
  const tables = new Set(Object.values(start.tables).map(keyOf));
  return { statements: done, start, goal: before, existed: (table) => tables.has(keyOf(table)) };
}

/** Classes of "exists already" and "is not there" (errcodes.txt, 42). */
function isFoundDone(sqlState: string): boolean {
  return ["42701", "42710", "42P07", "42P06", "42703", "42704", "42P01"].includes(sqlState);
}

function keyOf({ schema, name }: TableName): QualifiedName {
  return JSON.stringify([schema, name]);
}
