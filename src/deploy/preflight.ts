import { statfs } from "node:fs/promises";
import { hostname } from "node:os";
import { installLedger, readLedgerVersion } from "../ledger/index.ts";
import {
  parseTarget,
  readServerFacts,
  refuseTransactionPooler,
  requirePrivileges,
  requireWritable,
  type Session,
} from "../pg/index.ts";

/** Less free room than this share of the database is worth a word before an index or a rewrite needs it. */
const scarce = 0.2;

/**
 * Refuses what would fail half-way: a transaction pooler, a server that cannot be written to or is not known, a role that
 * may not make Lockstep's schema. Warns of little room on the disk where that can be seen.
 *
 * @throws LockstepError `pooler-transaction-mode`, `database-read-only`, `database-unsupported`, `privilege-missing`,
 * `ledger-newer`
 */
export async function preflight(
  url: string,
  session: Session,
  warn: (message: string) => void,
): Promise<void> {
  await refuseTransactionPooler({ url });
  await requireLedger(session);
  const room = await readHeadroom(session, url);
  if (room !== undefined && room.freeBytes < room.databaseBytes * scarce)
    warn(
      `the server's disk has ${megabytes(room.freeBytes)} free beside a database of ${megabytes(room.databaseBytes)}: a rewrite or an index build may fill it`,
    );
}

/** @throws LockstepError `database-read-only`, `database-unsupported`, `privilege-missing`, `ledger-newer` */
async function requireLedger(session: Session): Promise<void> {
  requireWritable(await readServerFacts(session), session.where);
  const installed = await readLedgerVersion(session);
  if (installed === 0) await requirePrivileges(session, { createSchema: true });
}

/**
 * Makes schema `lockstep` where it is not there yet.
 * @throws LockstepError `database-read-only`, `database-unsupported`, `privilege-missing`, `ledger-newer`
 */
export async function prepareLedger(session: Session): Promise<void> {
  await requireLedger(session);
  await installLedger(session);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}

/** Free room where the server keeps its data, when that can be seen from here. */
interface Headroom {
  readonly databaseBytes: number;
  readonly freeBytes: number;
}

/**
 * The size of the database and the free room on its disk. SQL does not tell the latter, so it is known only for a server
 * on this machine whose data directory this role may ask for; undefined otherwise.
 */
async function readHeadroom(session: Session, url: string): Promise<Headroom | undefined> {
  const { host } = parseTarget(url);
  if (!["localhost", "127.0.0.1", "::1", hostname()].includes(host) && !host.startsWith("/"))
    return undefined;
  try {
    const { rows } = await session.query<{ directory: string; bytes: string }>(
      `SELECT pg_catalog.current_setting('data_directory') AS directory,
              pg_catalog.pg_database_size(pg_catalog.current_database()) AS bytes`,
    );
    const { bavail, bsize } = await statfs(rows[0]!.directory);
    return { databaseBytes: Number(rows[0]!.bytes), freeBytes: bavail * bsize };
  } catch {
    // Another machine behind a tunnel, or a role without pg_read_all_settings: nothing to see, nothing to say.
    return undefined;
  }
}
