import type { Effect } from "../../../src/effects/index.ts";
import type { SessionState } from "../../../src/effects/index.ts";
import { predict, type PendingLabel } from "../../../src/effects/predict/index.ts";
import {
  copyWorld,
  createWorld,
  fold,
  type ServerFacts,
  type World,
} from "../../../src/effects/index.ts";
import { parseSql, type Statement } from "../../../src/sql/index.ts";

const unlimited = { ms: 0, from: { kind: "default" } } as const;

/** A session in a transaction, everything at its default. */
export const inTransaction: SessionState = {
  inTransaction: true,
  transaction: 1,
  failed: false,
  lockTimeout: unlimited,
  statementTimeout: unlimited,
  settings: new Map(),
  held: [],
};

export function idsIn(world: World): ReadonlySet<number> {
  return new Set([...world.relations.values()].map(({ id }) => id));
}

/** What a scratch server has before anything is made on it. */
export const scratchServer: ServerFacts = {
  role: "postgres",
  roles: new Set([
    "postgres",
    "pg_database_owner",
    "pg_execute_server_program",
    "pg_monitor",
    "pg_read_all_data",
    "pg_read_all_settings",
    "pg_read_all_stats",
    "pg_read_server_files",
    "pg_signal_backend",
    "pg_stat_scan_tables",
    "pg_write_all_data",
    "pg_write_server_files",
  ]),
  tablespaces: new Set(["pg_default", "pg_global"]),
  databaseTablespace: "pg_default",
  accessMethods: new Set(["heap", "btree", "hash", "gist", "gin", "brin", "spgist"]),
};

/** The catalog that SQL leaves on an empty database of a major. */
export async function worldOf(sql: string, major = 18): Promise<World> {
  const world = createWorld({ major, complete: true, server: scratchServer });
  world.extensions.add("plpgsql");
  for (const statement of await parseSql(sql, "set-up")) fold(statement, world);
  return world;
}

/** What is predicted for one statement on a catalog, all of which existed before. */
export async function predicted(
  sql: string,
  world: World,
  options: {
    readonly session?: SessionState;
    readonly pendingLabels?: readonly PendingLabel[];
  } = {},
): Promise<Effect> {
  const [statement] = await parseSql(sql, "statement");
  const before = copyWorld(world);
  return predict({
    statement: statement as Statement,
    world: before,
    existing: idsIn(before),
    session: options.session ?? inTransaction,
    ...(options.pendingLabels && { pendingLabels: options.pendingLabels }),
  });
}

/** Modes by relation, schema public left away. */
export function modes(effect: Effect): Readonly<Record<string, string>> {
  return Object.fromEntries(
    effect.locks
      .map(({ relation, mode }) => [relation.replace("public.", ""), mode] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Modes of tables and views only. */
export function tableModes(effect: Effect): Readonly<Record<string, string>> {
  return modes({
    ...effect,
    locks: effect.locks.filter(({ kind }) => kind !== "index" && kind !== "partitioned index"),
  });
}
