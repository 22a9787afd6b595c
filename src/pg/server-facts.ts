import { LockstepError } from "../errors/index.ts";
import type { Queryable } from "./session.ts";

/** Majors whose behaviour Lockstep knows. */
const oldestMajor = 14;
const newestMajor = 18;

/** What a server says of itself and of the role that is connected. */
export interface ServerFacts {
  readonly major: number;
  /** As the server writes it, e.g. `PostgreSQL 17.2 on x86_64-pc-linux-gnu, …`. */
  readonly version: string;
  readonly database: string;
  readonly user: string;
  readonly superuser: boolean;
  /** A standby that replays another server's changes. */
  readonly inRecovery: boolean;
  /** New transactions are read-only, by recovery or by `default_transaction_read_only`. */
  readonly readOnly: boolean;
  /** The role may create schemas in this database. */
  readonly canCreate: boolean;
  /** The role sees what other roles' sessions do. */
  readonly seesOtherSessions: boolean;
  /** The role may cancel and terminate sessions of other roles (superusers' excepted). */
  readonly signalsOtherSessions: boolean;
  /** Size on disk of the whole database. */
  readonly sizeBytes: number;
  readonly maxConnections: number;
}

/** Reads the facts in one round trip, with any role's privileges. */
export async function readServerFacts(database: Queryable): Promise<ServerFacts> {
  const { rows } = await database.query<ServerFacts & { sizeBytes: string | number }>(`
    SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000 AS major,
           pg_catalog.version() AS version,
           pg_catalog.current_database() AS database,
           current_user AS user,
           r.rolsuper AS superuser,
           pg_catalog.pg_is_in_recovery() AS "inRecovery",
           pg_catalog.current_setting('transaction_read_only') = 'on'
             OR pg_catalog.current_setting('default_transaction_read_only') = 'on' AS "readOnly",
           pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS "canCreate",
           pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS "seesOtherSessions",
           pg_catalog.pg_has_role('pg_signal_backend', 'USAGE') AS "signalsOtherSessions",
           pg_catalog.pg_database_size(pg_catalog.current_database())::pg_catalog.float8 AS "sizeBytes",
           pg_catalog.current_setting('max_connections')::pg_catalog.int4 AS "maxConnections"
      FROM pg_catalog.pg_roles r WHERE r.rolname = current_user`);
  return rows[0]!;
}

/**
 * Refuses a server that Lockstep does not know or that cannot be written to.
 *
 * @param where the address as `describeTarget` gives it
 * @throws LockstepError `database-unsupported`, `database-read-only`
 */
export function requireWritable(facts: ServerFacts, where: string): void {
  refuseUnknownServer(facts, where);
  if (facts.inRecovery)
    throw new LockstepError("database-read-only", {
      what: `${where} is a read-only replica`,
      expected: "the primary server",
      found: "a standby in recovery (pg_is_in_recovery)",
      from: where,
      why: "the URL is the one that reports or read traffic use, or a fail-over has moved the primary",
      next: ["use the URL of the primary (the writer endpoint)"],
    });
  if (facts.readOnly)
    throw new LockstepError("database-read-only", {
      what: `${where} takes no changes`,
      expected: "a database that can be written to",
      found: "default_transaction_read_only = on",
      from: where,
      why: "somebody has set it for this database or role, or the provider has because the disk is full",
      next: [
        "free or extend the disk if the provider has set it",
        `else: ALTER DATABASE ${quoteName(facts.database)} SET default_transaction_read_only = off (or ALTER ROLE ${quoteName(facts.user)} …)`,
      ],
    });
}

function refuseUnknownServer(facts: ServerFacts, where: string): void {
  const other = /CockroachDB|-YB-|Redshift|Greenplum|Materialize/.exec(facts.version)?.[0];
  const isKnown = facts.major >= oldestMajor && facts.major <= newestMajor;
  if (isKnown && other === undefined) return;
  throw new LockstepError("database-unsupported", {
    what: `${where} is a server that this version of Lockstep does not know`,
    expected: `PostgreSQL ${oldestMajor} to ${newestMajor}`,
    found: facts.version.split(",", 1)[0]!,
    from: where,
    why:
      other !== undefined
        ? "it speaks Postgres' protocol, but locks, catalogs and DDL behave otherwise"
        : facts.major > newestMajor
          ? "which locks its statements take was not observed yet"
          : "it no longer gets fixes, and its catalogs differ",
    next: [
      other === undefined && facts.major > newestMajor
        ? "npm install lockstep@latest"
        : `upgrade the server to PostgreSQL ${newestMajor}, or leave it to its own tools`,
    ],
  });
}

function quoteName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
