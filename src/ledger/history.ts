import { sqlState, type Session } from "../pg/index.ts";
import { quoteLiteral } from "../sql/index.ts";
import { backSource, migrationOfBack } from "./going-back.ts";
import { fenceSql } from "./lease.ts";
import { ledgerVersion, readLedgerVersion } from "./schema.ts";

/** How a migration came to count as applied; `planned`: a plan carries it, or has carried it. */
export type AppliedHow = "applied" | "resolved" | "adopted" | "baseline" | "planned";

export interface MigrationRow {
  readonly id: string;
  readonly checksum: string;
  readonly how: AppliedHow;
  readonly reason: string | undefined;
  readonly run: string | undefined;
  readonly appliedAt: Date;
}

/** What is left of a failed statement. */
export type Remained = "nothing" | "something" | "everything" | "unknown";

/** Why a unit failed, as the ledger keeps it: no literals of the statement in it. */
export interface UnitFailure {
  /** Position of the statement in the file, from 0. */
  readonly statement: number;
  readonly line: number;
  /** Masked. */
  readonly sql: string;
  readonly sqlstate: string | undefined;
  readonly message: string;
  readonly remained: Remained;
}

export interface UnitRow {
  readonly migration: string;
  readonly number: number;
  /** sha256 of the unit's statements. */
  readonly hash: string;
  readonly line: number;
  readonly state: "started" | "done" | "failed";
  /** Whether its post-condition held before it began; undefined when that is unknown. */
  readonly heldBefore: boolean | undefined;
  readonly run: string | undefined;
  readonly at: Date;
  readonly failure: UnitFailure | undefined;
}

/** What the ledger says about one folder. */
export interface History {
  readonly installed: boolean;
  readonly migrations: ReadonlyMap<string, MigrationRow>;
  /** Units of migrations that are not applied yet, by migration, in order. */
  readonly units: ReadonlyMap<string, readonly UnitRow[]>;
  /** Units of ways back that were begun and not brought to their end, by the migration that they take back. */
  readonly goingBack: ReadonlyMap<string, readonly UnitRow[]>;
}

/**
 * Reads one folder's rows in one round trip. A database without a ledger gives an empty history.
 * @throws LockstepError `ledger-newer`; an error of the server, e.g. 42501 without rights on schema `lockstep`
 */
export async function readHistory(session: Session, source: string): Promise<History> {
  const from = quoteLiteral(source);
  try {
    const [meta, migrations, units, back] = await session.batch(
      `SELECT version FROM lockstep.meta;
       SELECT id, checksum, how, reason, run, applied_at FROM lockstep.migration WHERE source = ${from};
       SELECT u.* FROM lockstep.unit u WHERE u.source = ${from}
         AND NOT EXISTS (SELECT FROM lockstep.migration m WHERE m.source = u.source AND m.id = u.migration)
         ORDER BY u.migration, u.number;
       SELECT u.* FROM lockstep.unit u WHERE u.source = ${quoteLiteral(backSource(source))}
         AND NOT (u.state = 'failed' AND u.failure->>'remained' = 'nothing')
         ORDER BY u.migration, u.number`,
    );
    if (meta!.rows[0]?.["version"] !== ledgerVersion) await readLedgerVersion(session);
    return {
      installed: true,
      migrations: new Map(migrations!.rows.map((row) => [row["id"] as string, migrationRow(row)])),
      units: byMigration(units!.rows.map(unitRow)),
      goingBack: byMigration(
        back!.rows
          .map(unitRow)
          .map((row) => ({ ...row, migration: migrationOfBack(row.migration) })),
      ),
    };
  } catch (error) {
    // undefined_table: no ledger, or one that installLedger did not finish.
    if (sqlState(error) !== "42P01") throw error;
    return {
      installed: false,
      migrations: new Map(),
      units: new Map(),
      goingBack: new Map(),
    };
  }
}

function byMigration(rows: readonly UnitRow[]): ReadonlyMap<string, readonly UnitRow[]> {
  const groups = new Map<string, UnitRow[]>();
  for (const row of rows) groups.set(row.migration, [...(groups.get(row.migration) ?? []), row]);
  return groups;
}

function migrationRow(row: Record<string, unknown>): MigrationRow {
  return {
    id: row["id"] as string,
    checksum: row["checksum"] as string,
    how: row["how"] as AppliedHow,
    reason: (row["reason"] as string | null) ?? undefined,
    run: (row["run"] as string | null) ?? undefined,
    appliedAt: row["applied_at"] as Date,
  };
}

function unitRow(row: Record<string, unknown>): UnitRow {
  return {
    migration: row["migration"] as string,
    number: row["number"] as number,
    hash: row["hash"] as string,
    line: row["line"] as number,
    state: row["state"] as UnitRow["state"],
    heldBefore: (row["held_before"] as boolean | null) ?? undefined,
    run: (row["run"] as string | null) ?? undefined,
    at: row["at"] as Date,
    failure: (row["failure"] as UnitFailure | null) ?? undefined,
  };
}

/** What every row of truth is signed with. */
export interface Signature {
  readonly source: string;
  readonly run: string;
  readonly fence: number;
}

/** The statement that records a migration; it fails when the fence has passed. */
export function recordMigrationSql(
  by: Signature,
  migration: {
    readonly id: string;
    readonly checksum: string;
    readonly how: AppliedHow;
    readonly reason?: string | undefined;
  },
): string {
  const reason = migration.reason === undefined ? "NULL" : quoteLiteral(migration.reason);
  return `INSERT INTO lockstep.migration (source, id, checksum, how, reason, run, fence) VALUES (${quoteLiteral(by.source)}, ${quoteLiteral(migration.id)}, ${quoteLiteral(migration.checksum)}, '${migration.how}', ${reason}, '${by.run}', ${fenceSql(by.fence)})`;
}

/**
 * The statement that records where a unit stands; it fails when the fence has passed. What is known from before the
 * first attempt (`heldBefore`) stays known until the unit's statements change.
 */
export function recordUnitSql(
  by: Signature,
  unit: Pick<UnitRow, "migration" | "number" | "hash" | "line" | "state"> & {
    readonly heldBefore?: boolean | undefined;
    readonly failure?: UnitFailure | undefined;
  },
): string {
  const values = [
    quoteLiteral(by.source),
    quoteLiteral(unit.migration),
    String(unit.number),
    quoteLiteral(unit.hash),
    String(unit.line),
    `'${unit.state}'`,
    unit.heldBefore === undefined ? "NULL" : String(unit.heldBefore),
    `'${by.run}'`,
    fenceSql(by.fence),
    unit.failure === undefined ? "NULL" : quoteLiteral(JSON.stringify(unit.failure)),
  ];
  return `INSERT INTO lockstep.unit (source, migration, number, hash, line, state, held_before, run, fence, failure) VALUES (${values.join(", ")})
ON CONFLICT (source, migration, number) DO UPDATE SET hash = EXCLUDED.hash, line = EXCLUDED.line, state = EXCLUDED.state,
  held_before = coalesce(EXCLUDED.held_before, CASE WHEN lockstep.unit.hash = EXCLUDED.hash THEN lockstep.unit.held_before END),
  run = EXCLUDED.run, fence = EXCLUDED.fence, failure = EXCLUDED.failure, at = pg_catalog.now()`;
}
