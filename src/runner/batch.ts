import { recordMigrationSql, recordUnitSql } from "../ledger/index.ts";
import type { Statement } from "../sql/index.ts";
import type { RunContext, UnitWork } from "./context.ts";
import type { Guard } from "./migrate.ts";
import { guardOf } from "./index-guard.ts";
import { laterLockMs } from "./options.ts";
import { ownLockOf } from "./own-lock.ts";
import { isTransactionSetting, settingChange } from "./session-settings.ts";
import { limitsOf } from "./timeouts.ts";

/** One statement of the message that a unit is sent as. */
interface Slot {
  readonly sql: string;
  /** The statement of the file that it is; undefined for Lockstep's own. */
  readonly statement?: Statement;
  /** Number of the guard's check that it is. */
  readonly check?: number;
}

/** A transactional unit as one simple-query message. */
export interface Batch {
  readonly text: string;
  readonly slots: readonly Slot[];
  /** UTF-16 offset of each slot in `text`. */
  readonly offsets: readonly number[];
  /** Slots whose row is the server's clock in ms, before each statement and after the last. */
  readonly clocks: readonly number[];
  /** True when statements wait for locks for a shorter time than `lock_timeout` allows others. */
  readonly isBrief: boolean;
}

const separator = "\n;\n";

/**
 * Composes a unit: its records first, for then no role, search_path or setting of the file can touch them, and no
 * later fence can pass before the transaction ends; then what earlier units set for the session; then the statements.
 */
export function composeBatch(context: RunContext, work: UnitWork): Batch {
  const { unit } = work;
  const slots: Slot[] = [{ sql: unit.begin }];
  const clocks: number[] = [];
  // SET TRANSACTION must come before the first query.
  const leading = unit.statements.findIndex((statement) => !isTransactionSetting(statement));
  const first = leading === -1 ? unit.statements.length : leading;
  for (const statement of unit.statements.slice(0, first))
    slots.push({ sql: statement.sql, statement });
  const { guard } = context;
  if (guard !== undefined) slots.push({ sql: "SET TRANSACTION ISOLATION LEVEL READ COMMITTED" });
  for (const sql of records(context, work)) slots.push({ sql });
  if (guard !== undefined) slots.push(...guarded(context, guard, unit.statements[0]));
  for (const { sql } of unit.settings) slots.push({ sql });

  const count = unit.statements.length;
  let fileSetsTimeout = unit.settings.some(setsStatementTimeout);
  let limited = true;
  let fileSetsLockTimeout = unit.settings.some(setsLockTimeout);
  let mayHoldLocks = guard !== undefined;
  let isBrief = false;
  for (const statement of unit.statements.slice(first)) {
    if (!fileSetsTimeout && limited !== limitsOf(statement).catalogOnly) {
      limited = !limited;
      slots.push({ sql: limited ? limitAgain(context) : "SET LOCAL statement_timeout = 0" });
    }
    const ownLock = ownLockOf(statement);
    if (ownLock !== undefined && !mayHoldLocks && !fileSetsLockTimeout) {
      slots.push({ sql: ownLock, statement });
      mayHoldLocks = true;
    }
    if (mayHoldLocks && !isBrief && !fileSetsLockTimeout) {
      slots.push(...briefly(context));
      isBrief = true;
    }
    if (count > 1) {
      clocks.push(slots.length);
      slots.push({ sql: marker(context, statement.index + 1, count + unit.statements[0]!.index) });
    }
    slots.push({ sql: statement.sql, statement });
    const guard = guardOf(statement);
    if (guard !== undefined) slots.push({ sql: guard, statement });
    fileSetsTimeout ||= setsStatementTimeout(statement);
    fileSetsLockTimeout ||= setsLockTimeout(statement);
    mayHoldLocks ||= settingChange(statement) === undefined && !makesOnly.has(statement.kind);
    if (settingChange(statement)?.name === "all") {
      slots.push(...context.worker.settings.map((sql) => ({ sql })));
      isBrief = false;
    }
  }
  if (count > 1) {
    clocks.push(slots.length);
    slots.push({ sql: clock });
  }
  slots.push({ sql: "COMMIT" });
  const offsets: number[] = [];
  let at = 0;
  for (const { sql } of slots) {
    offsets.push(at);
    at += sql.length + separator.length;
  }
  return { text: slots.map(({ sql }) => sql).join(separator), slots, offsets, clocks, isBrief };
}

const clock = "SELECT pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1000 AS at";

/** In front of the unit's own statements: nothing of the file is in force yet. */
function guarded(
  context: RunContext,
  { locks, checks, withinMs }: Guard,
  statement: Statement | undefined,
): readonly Slot[] {
  const own = statement === undefined ? {} : { statement };
  return [
    ...locks.flatMap((sql, index) => [...(index === 1 ? briefly(context) : []), { sql, ...own }]),
    { sql: `SET LOCAL statement_timeout = ${withinMs}` },
    ...checks.map((sql, check) => ({ sql, check })),
    { sql: limitAgain(context) },
  ];
}

/** Shows in pg_stat_activity which statement of the file runs: `lockstep/1b2c3d4e 3/12`. */
function marker(context: RunContext, number: number, of: number): string {
  return `${clock}, pg_catalog.set_config('application_name', '${context.worker.name} ${number}/${of}', true)`;
}

function limitAgain({ options }: RunContext): string {
  return `SET LOCAL statement_timeout = ${options.statementTimeoutMs + options.lockTimeoutMs}`;
}

/** Statements that lock nothing that anybody uses already. */
const makesOnly = new Set([
  "CompositeTypeStmt",
  "CreateDomainStmt",
  "CreateEnumStmt",
  "CreateFunctionStmt",
  "CreateRangeStmt",
  "CreateSchemaStmt",
  "CreateSeqStmt",
]);

function briefly({ options }: RunContext): readonly Slot[] {
  const { lockTimeoutMs } = options;
  const isShort = lockTimeoutMs > 0 && lockTimeoutMs <= laterLockMs;
  return isShort ? [] : [{ sql: `SET LOCAL lock_timeout = ${laterLockMs}` }];
}

function setsStatementTimeout(statement: Statement): boolean {
  return settingChange(statement)?.name === "statement_timeout";
}

function setsLockTimeout(statement: Statement): boolean {
  return settingChange(statement)?.name === "lock_timeout";
}

/** The statements that record a unit as done, and with the last one the migration, in both ledgers. */
export function records(
  { signature, native, alongside }: Pick<RunContext, "signature" | "native" | "alongside">,
  { migration, unit, last, ownRow }: UnitWork,
): readonly string[] {
  const sql: string[] = [];
  if (ownRow)
    sql.push(
      recordUnitSql(signature, {
        migration: migration.id,
        number: unit.number,
        hash: unit.hash,
        line: unit.statements[0]?.line ?? 1,
        state: "done",
      }),
    );
  if (last) {
    sql.push(recordMigrationSql(signature, { ...migration, how: "applied" }));
    if (native !== undefined) sql.push(...native.recordSql(migration, "run"));
    if (alongside !== undefined) sql.push(...alongside(migration, signature));
  } else if (native?.beginSql !== undefined) sql.push(...native.beginSql(migration));
  return sql;
}

/** The slot that failed, and where the error is in the file. */
export function locate(
  batch: Batch,
  error: unknown,
): {
  readonly statement: Statement | undefined;
  readonly line: number | undefined;
  readonly ours: boolean;
  /** Number of the guard's check that failed. */
  readonly check?: number;
} {
  const { completed = 0, position } = error as { completed?: number; position?: string };
  const slot = batch.slots[completed];
  const statement = slot?.statement;
  const { check } = slot ?? {};
  if (check !== undefined) return { statement, line: undefined, ours: true, check };
  if (statement === undefined) return { statement, line: undefined, ours: slot?.sql !== "COMMIT" };
  const within =
    position === undefined
      ? -1
      : utf16(batch.text, Number(position) - 1) - batch.offsets[completed]!;
  const isInside = within >= 0 && within <= statement.sql.length;
  const lines = isInside ? statement.sql.slice(0, within).split("\n").length - 1 : 0;
  return { statement, line: statement.line + lines, ours: false };
}

/** The server counts characters, JavaScript UTF-16 units. */
function utf16(text: string, characters: number): number {
  let index = 0;
  for (let seen = 0; seen < characters && index < text.length; seen++)
    index += text.codePointAt(index)! > 0xffff ? 2 : 1;
  return index;
}
