import { sqlState, type Session } from "../../../src/pg/index.ts";
import { qualifiedName } from "../../../src/catalog/index.ts";
import { lockModes, type LockMode } from "../../../src/effects/index.ts";

export interface MeasuredLocks {
  /** Strongest mode by relation that existed before, schema public left away. Empty after an error. */
  readonly modes: Readonly<Record<string, string>>;
  readonly sqlState: string | undefined;
}

const locksSql = (pid: number) => `
  SELECT n.nspname AS schema, c.relname AS name, replace(l.mode, 'Lock', '') AS mode
  FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE l.pid = ${pid} AND l.locktype = 'relation' AND l.granted AND n.nspname !~ '^pg_'
    AND n.nspname <> 'information_schema'`;

/**
 * Runs a statement in a transaction that is rolled back and reads from another session, which sees the catalog as it was,
 * what the first one holds.
 */
export async function measureLocks(
  worker: Session,
  watcher: Session,
  text: string,
): Promise<MeasuredLocks> {
  const { rows: own } = await worker.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  await worker.query("BEGIN");
  try {
    await worker.query(text);
    const { rows } = await watcher.query<{ schema: string; name: string; mode: LockMode }>(
      locksSql(own[0]!.pid),
    );
    const strongest = new Map<string, LockMode>();
    for (const { schema, name, mode } of rows) {
      const relation = qualifiedName(schema, name).replace("public.", "");
      const held = strongest.get(relation);
      if (held === undefined || lockModes.indexOf(held) < lockModes.indexOf(mode))
        strongest.set(relation, mode);
    }
    const sorted = [...strongest].sort(([a], [b]) => (a < b ? -1 : 1));
    return { modes: Object.fromEntries(sorted), sqlState: undefined };
  } catch (error) {
    const state = sqlState(error);
    if (state === undefined) throw error;
    return { modes: {}, sqlState: state };
  } finally {
    await worker.query("ROLLBACK");
  }
}
