import { setTimeout as sleep } from "node:timers/promises";
import { qualifiedName, quoteLiteral, quoteQualified, type Statement } from "../../sql/index.ts";
import type { Session } from "../../pg/index.ts";
import { commandTag } from "../event-triggers/index.ts";
import type { Brake } from "./brake.ts";
import { readMessages } from "./messages.ts";
import { resolveNames, type Observation, type Sessions } from "./observation.ts";
import {
  look,
  readRelations,
  type Edge,
  type Oid,
  type SeenLock,
  type SeenRelation,
} from "./relations.ts";

/**
 * Observes a statement that runs in transactions of its own: CONCURRENTLY, VACUUM, REINDEX of many tables.
 *
 * Nothing is left to luck: every phase of such a statement writes to a catalog before it commits (a new index, its size, a
 * swap, a drop), and there a brake makes the worker stop with all of the phase's locks held, phase by phase.
 *
 * @param brakes those before which the statement stops
 * @throws the server's error, once the statement has failed
 */
export async function observeStepwise(
  sessions: Sessions,
  statement: Statement,
  brakes: readonly Brake[],
): Promise<Observation> {
  const { worker, watcher, pid, takeMessages, limit } = sessions;
  const named = await resolveNames(worker, statement);
  const before = await readRelations(watcher);
  const locks = new Map<string, SeenLock>();
  const edges: Edge[] = [];
  await using patience = await Patience.start(worker);
  takeMessages();
  for (const brake of brakes) await brake.pull();
  const run = new Running(limit.hold(async () => worker.batch(statement.sql)));
  try {
    for (;;) {
      const brake = await run.stopsAt(brakes, watcher, pid);
      if (brake === undefined) break;
      const sight = await look(watcher, pid);
      for (const lock of sight.locks) locks.set(`${lock.oid} ${lock.mode}`, lock);
      edges.push(...sight.edges);
      await brake.pass(watcher);
    }
  } finally {
    for (const brake of brakes) await brake.release();
  }
  try {
    await run.end();
  } catch (error) {
    await dropLeftovers(watcher, before);
    throw error;
  }
  await patience.end();
  const told = readMessages(takeMessages());
  const after = await readRelations(watcher);
  const counters = new Map();
  const unknown = [
    ...(await eventTriggersUnseen(watcher, statement)),
    ...unseen(statement, { named, before }, locks),
  ];
  const seen = [...locks.values()];
  return { locks: seen, before, after, edges, named, counters, told, checked: [], unknown };
}

/** Event triggers fire in the last transaction, which may have no more to write to pg_class. */
async function eventTriggersUnseen(
  watcher: Session,
  { node }: Statement,
): Promise<readonly string[]> {
  const tag = commandTag(node, watcher.major);
  if (tag === undefined) return [];
  const rows = await watcher.queryArrays(
    `SELECT evtname FROM pg_catalog.pg_event_trigger
      WHERE evtevent IN ('ddl_command_end', 'sql_drop') AND evtenabled IN ('O', 'A')
        AND (evttags IS NULL OR $1 = ANY (evttags)) ORDER BY 1`,
    [tag],
  );
  return rows.map(
    ([name]) => `what event trigger ${String(name)} does at the end of the statement is not seen`,
  );
}

/**
 * REINDEX writes nothing of a materialized view without indexes, and nobody else can hold a lock on one before; nor of a
 * partitioned table without partitions, which CONCURRENTLY has locked for a moment.
 */
function unseen(
  { node }: Statement,
  { named, before }: Pick<Observation, "named" | "before">,
  locks: ReadonlyMap<string, SeenLock>,
): readonly string[] {
  if (!("ReindexStmt" in node)) return [];
  const { kind: what, name: schema = "" } = node.ReindexStmt;
  const isMeant = ({ oid, name, relname }: SeenRelation): boolean => {
    if (what === "REINDEX_OBJECT_SCHEMA") return name === qualifiedName(schema, relname);
    return what === "REINDEX_OBJECT_DATABASE" || named.has(oid);
  };
  const seen = new Set([...locks.values()].map(({ oid }) => oid));
  return [...before.values()]
    .filter(({ kind }) => kind === "materialized view" || kind === "partitioned table")
    .filter((each) => !seen.has(each.oid) && isMeant(each))
    .map(({ kind, name }) => `whether ${kind} ${name} is locked is not seen`);
}

/** Drops the invalid indexes that a failed CONCURRENTLY leaves behind. */
async function dropLeftovers(watcher: Session, before: ReadonlyMap<Oid, unknown>): Promise<void> {
  const rows = await watcher.queryArrays(`
    SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid`);
  for (const [oid, schema, name] of rows)
    if (!before.has(oid as Oid))
      await watcher.query(`DROP INDEX ${quoteQualified(String(schema), String(name))}`);
}

/** A statement on its way. */
class Running {
  #settled = false;
  readonly #end: Promise<unknown>;

  constructor(run: Promise<unknown>) {
    const settle = () => (this.#settled = true);
    this.#end = run;
    run.then(settle, settle);
  }

  /** Waits until the statement has ended, which gives undefined, or stands before a brake. Both states last. */
  async stopsAt(
    brakes: readonly Brake[],
    watcher: Session,
    pid: number,
  ): Promise<Brake | undefined> {
    for (;;) {
      if (this.#settled) return undefined;
      for (const brake of brakes) if (await brake.isWaitedFor(watcher, pid)) return brake;
      await sleep(1);
    }
  }

  /** @throws what the statement failed with */
  async end(): Promise<void> {
    await this.#end;
  }
}

/** Takes away the session's own timeouts, which must not count the time at the brake, and gives them back. */
class Patience implements AsyncDisposable {
  readonly #worker: Session;
  readonly #was: readonly (readonly [string, string])[];
  #ended = false;

  private constructor(worker: Session, was: readonly (readonly [string, string])[]) {
    this.#worker = worker;
    this.#was = was;
  }

  static async start(worker: Session): Promise<Patience> {
    const rows = await worker.queryArrays(
      `SELECT name, pg_catalog.current_setting(name) FROM pg_catalog.pg_settings
        WHERE name IN ('lock_timeout', 'statement_timeout') AND setting <> '0'`,
    );
    const was = rows.map(([name, value]) => [String(name), String(value)] as const);
    for (const [name] of was) await worker.query(`SET ${name} = 0`);
    return new Patience(worker, was);
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    for (const [name, value] of this.#was)
      await this.#worker.query(`SET ${name} = ${quoteLiteral(value)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
