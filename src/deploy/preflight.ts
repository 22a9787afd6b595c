import { installLedger, readLedgerVersion } from "../ledger/index.ts";
import {
  bytes,
  readHeadroom,
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
      `the server's disk has ${bytes(room.freeBytes)} free beside a database of ${bytes(room.databaseBytes)}: a rewrite or an index build may fill it`,
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
