import type { Session } from "../../pg/index.ts";
import type { QualifiedName, Statement } from "../../sql/index.ts";
import type { Effect, Failure, RelationLock, RelationRole } from "../effect.ts";
import { stronger, type LockMode } from "../lock-modes.ts";
import { difference, readCounters, type Counters } from "./counters.ts";
import { readMessages, type ServerMessage, type ToldWork } from "./messages.ts";
import { namedRelations } from "./named.ts";
import {
  look,
  type Edge,
  type Oid,
  type SeenLock,
  type SeenRelation,
  type Sight,
} from "./relations.ts";
import { roleOf } from "./roles.ts";
import type { TimeLimit } from "./time-limit.ts";
import { replacedBy, workOf } from "./work.ts";

/** All that was seen of one statement, before it is told as an effect. */
export interface Observation {
  /** Locks that the statement itself took. */
  readonly locks: readonly SeenLock[];
  readonly before: ReadonlyMap<Oid, SeenRelation>;
  readonly after: ReadonlyMap<Oid, SeenRelation>;
  readonly edges: readonly Edge[];
  readonly named: ReadonlyMap<Oid, RelationRole>;
  readonly counters: ReadonlyMap<Oid, Counters>;
  readonly told: ToldWork;
  readonly checked: readonly Edge[];
  /** What could not be seen, each with its reason. */
  readonly unknown?: readonly string[];
}

/** The two sessions on the scratch database: one runs the statements, the other looks on. */
export interface Sessions {
  readonly worker: Session;
  readonly watcher: Session;
  readonly pid: number;
  /** Gives the messages received since it was called last. */
  readonly takeMessages: () => readonly ServerMessage[];
  /** What every statement of a migration is run under. */
  readonly limit: TimeLimit;
}

/**
 * Runs a statement in the worker's open transaction and looks at what it did while the transaction is still open.
 *
 * @param held locks that earlier statements of the transaction took: taken again they do not show
 * @throws the server's error; the transaction is then to be rolled back
 */
export async function observeInTransaction(
  sessions: Sessions,
  statement: Statement,
  held: readonly SeenLock[] = [],
): Promise<Observation> {
  const { worker, watcher, pid, takeMessages, limit } = sessions;
  const [named, start] = await untimed(
    worker,
    async () => [await resolveNames(worker, statement), await readCounters(worker)] as const,
  );
  takeMessages();
  await limit.hold(async () => worker.batch(statement.sql));
  const told = readMessages(takeMessages());
  const before = await look(watcher, pid);
  const { after, counters, checked } = await untimed(worker, async () => {
    const sight = await look(worker, pid);
    return {
      after: sight,
      counters: difference(start, await readCounters(worker)),
      checked: await checkedForeignKeys(worker, told, sight),
    };
  });
  return {
    // Dropped relations show in the one view only, new ones in the other.
    locks: added(held, [...before.locks, ...after.locks]),
    before: before.relations,
    after: after.relations,
    edges: [...before.edges, ...after.edges],
    named,
    counters,
    told,
    checked,
  };
}

/** Runs queries of our own in the open transaction: a `statement_timeout` of the migration is not meant for them. */
async function untimed<T>(worker: Session, run: () => Promise<T>): Promise<T> {
  await worker.batch("SAVEPOINT lockstep; SET LOCAL statement_timeout = 0");
  try {
    return await run();
  } finally {
    await worker.batch("ROLLBACK TO lockstep; RELEASE lockstep");
  }
}

/** What the names of a statement stand for in the worker's search path. */
export async function resolveNames(
  worker: Session,
  statement: Statement,
): Promise<ReadonlyMap<Oid, RelationRole>> {
  const names = namedRelations(statement);
  if (names.length === 0) return new Map();
  const rows = await worker.queryArrays(
    `SELECT pg_catalog.to_regclass(n)::pg_catalog.oid FROM pg_catalog.unnest($1::pg_catalog.text[]) AS n`,
    [names.map(({ sql }) => sql)],
  );
  const roles = new Map<Oid, RelationRole>();
  for (const [index, [oid]] of rows.entries())
    if (oid !== null && !roles.has(oid as Oid)) roles.set(oid as Oid, names[index]!.role);
  return roles;
}

function added(before: readonly SeenLock[], after: readonly SeenLock[]): readonly SeenLock[] {
  const known = new Set(before.map(({ oid, mode }) => `${oid} ${mode}`));
  return after.filter(({ oid, mode }) => !known.has(`${oid} ${mode}`));
}

/** Finds child and parent of the foreign keys that were checked: messages give the constraint's name only. */
async function checkedForeignKeys(
  worker: Session,
  { foreignKeys }: ToldWork,
  { relations }: Sight,
): Promise<readonly Edge[]> {
  if (foreignKeys.size === 0) return [];
  const rows = await worker.queryArrays(
    `SELECT DISTINCT conrelid, confrelid FROM pg_catalog.pg_constraint
      WHERE contype = 'f' AND conname = ANY ($1)`,
    [[...foreignKeys]],
  );
  return rows
    .map(([from, to]) => ({ kind: "foreign-key", from: from as Oid, to: to as Oid }) as const)
    .filter(({ from, to }) => relations.has(from) && relations.has(to));
}

/** An observation told as an effect on the relations that existed before the file. */
export function effectOf(
  statement: Statement,
  observation: Observation,
  existing: ReadonlySet<Oid>,
  failures: readonly Failure[],
): Effect {
  const { locks, before, after } = observation;
  const strongest = new Map<Oid, LockMode>();
  for (const { oid, mode } of locks)
    if (existing.has(oid)) strongest.set(oid, stronger(strongest.get(oid) ?? mode, mode));
  const told = [...strongest].flatMap(([oid, mode]): RelationLock[] => {
    const relation = before.get(oid) ?? after.get(oid);
    if (relation === undefined) return [];
    const role = roleOf(relation, mode, { statement, ...observation });
    return [{ relation: relation.name, kind: relation.kind, mode, role }];
  });
  return {
    locks: told.sort(byRelation),
    work: workOf({ statement, existing, ...observation }),
    failures,
    breaks: [],
    unknown: observation.unknown ?? [],
  };
}

function byRelation(a: RelationLock, b: RelationLock): number {
  return a.relation < b.relation ? -1 : Number(a.relation > b.relation);
}

/** Indexes of those that existed before which were made again under their names: they go on as these. */
export function successors(
  statement: Statement,
  { before, after }: Observation,
  existing: ReadonlySet<Oid>,
): readonly Oid[] {
  return [...after.values()]
    .filter((relation) => {
      if (!relation.kind.endsWith("index") || before.has(relation.oid)) return false;
      const old = replacedBy(relation, before, after, statement);
      return old !== undefined && existing.has(old.oid);
    })
    .map(({ oid }) => oid);
}

/** Relations that a statement names, so that it locks them, of which no lock was seen because they were locked before. */
export function retakenBy(
  { named, locks, before }: Observation,
  held: readonly SeenLock[],
  existing: ReadonlySet<Oid>,
): readonly QualifiedName[] {
  const seen = new Set(locks.map(({ oid }) => oid));
  const known = new Set(held.map(({ oid }) => oid));
  return [...named.keys()]
    .filter((oid) => existing.has(oid) && known.has(oid) && !seen.has(oid))
    .flatMap((oid) => before.get(oid)?.name ?? [])
    .sort();
}
