import { randomBytes, createHash } from "node:crypto";
import {
  readStructure,
  refreshViews,
  removeOrphans,
  setSequences,
  type CloneProgress,
  type FilledClone,
  type Structure,
} from "../clone/index.ts";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import { isConnectionLost, Session, sqlState } from "../pg/index.ts";
import type { QualifiedName } from "../sql/index.ts";
import type { MaskedColumn } from "./choose.ts";
import { keySetting } from "./digest.ts";
import { planCopy, type TableCopy } from "./plan.ts";
import { refused, stopped } from "./refuse.ts";
import type { MaskRules } from "./rules.ts";
import { readSourceTables, type SourceTable } from "./source.ts";
import { copyStatements } from "./statements.ts";
import { tryCopy } from "./trial.ts";

export interface SanitiseRequest {
  /** The database that has the rows; it is only read, and may be a standby. */
  readonly sourceUrl: string;
  /** A database that has the schema; the role may set `session_replication_role`. */
  readonly targetUrl: string;
  readonly rules: MaskRules;
  /** The same key makes the same masks of the same values; a random one, kept nowhere, when left away. */
  readonly key?: string | undefined;
  readonly onProgress?: ((progress: CloneProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A database with the source's rows, masked. */
export interface SanitisedCopy {
  readonly clone: FilledClone;
  readonly columns: readonly MaskedColumn[];
  /** What was not copied, with the reason. */
  readonly leftOut: readonly string[];
}

/** Longest wait for a lock on the source: ACCESS SHARE, which only what keeps readers out stands in the way of. */
const lockTimeout = "5s";

/**
 * Copies the rows of all tables out of one snapshot of the source, each column as the rules have it. Values are masked by the source's
 * server: what is masked does not leave it. The schema is the target's own, so that no text of the source's schema comes along. On the
 * source nothing but ACCESS SHARE is taken, and it is held until the last row is read. Triggers do not fire in the copy.
 *
 * @throws LockstepError `sanitise-refused` before the first row is kept, `sanitise-failed`, `run-cancelled`
 */
export async function copySanitised(request: SanitiseRequest): Promise<SanitisedCopy> {
  const { sourceUrl, targetUrl } = request;
  await using source = await Session.open({ url: sourceUrl, applicationName: "lockstep/sanitise" });
  await using target = await Session.open({ url: targetUrl, applicationName: "lockstep/sanitise" });
  try {
    return await copyAll(request, source, target);
  } catch (error) {
    if (isLockstepError(error)) throw error;
    if (sqlState(error) === undefined && !isConnectionLost(error)) throw error;
    throw await stopped(error, "the rows", source);
  }
}

async function copyAll(
  request: SanitiseRequest,
  source: Session,
  target: Session,
): Promise<SanitisedCopy> {
  const began = performance.now();
  const isStandby = await openSource(source, request.key);
  await target.batch(
    `BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL search_path = ''; ${formats}`,
  );
  const structure = await readStructure(target);
  const tables = await readSourceTables(source);
  const plan = await planCopy(structure, tables, request.rules, { isStandby });
  if (plan.problems.length > 0) throw refused(source.where, plan.problems);
  const copies = plan.tables.filter(({ columns }) => columns.size > 0);
  for (const { sql, existing, name } of structure.tables)
    if (existing > 0 && tables.has(name)) await target.query(`DELETE FROM ONLY ${sql}`);
  const broken = await tryCopy(source, target, copies);
  if (broken.length > 0) throw refused(source.where, broken);
  await copyTables(request, { source, target, copies, tables });
  // All is read: what follows needs no snapshot, which VACUUM and a standby's recovery would have to wait for.
  await source.close();
  const lost = new Map(
    [...(await removeOrphans(target, structure))].map(([relation, count]) => [
      relation,
      `${count} rows were taken away again: a foreign key of theirs found no parent`,
    ]),
  );
  await setSequences(target, structure);
  await target.query("COMMIT");
  const ms = performance.now() - began;
  const views = await refreshViews(target);
  const all = structure.tables.map(({ sql }) => sql);
  if (all.length > 0) await target.query(`VACUUM (ANALYZE) ${all.join(", ")}`);
  const own = new Set([...structure.relations.values()].map(({ name }) => name));
  return {
    clone: {
      tables: await sizesOf(target, structure, lost),
      lacking: [...tables.keys()].filter((name) => !own.has(name)),
      makers: [],
      ms,
    },
    columns: columnsOf(copies),
    leftOut: [
      ...plan.leftOut,
      ...[...lost].map(([relation, reason]) => `${relation}: ${reason}`),
      ...[...views.failed].map(([relation, reason]) => `${relation} is empty: ${reason}`),
    ],
  };
}

interface Ground {
  readonly source: Session;
  readonly target: Session;
  readonly copies: readonly TableCopy[];
  readonly tables: ReadonlyMap<QualifiedName, SourceTable>;
}

async function copyTables(
  { onProgress, signal }: SanitiseRequest,
  { source, target, copies, tables }: Ground,
): Promise<void> {
  for (const [place, copy] of copies.entries()) {
    const { name } = copy.table;
    if (isOver(signal)) throw cancelled(name);
    const [number, of] = [place + 1, copies.length];
    const known = tables.get(name)!.rows;
    const onRows = (rows: number) =>
      onProgress?.({ relation: name, number, of, rows, wanted: Math.max(rows, known) });
    onRows(0);
    try {
      await source.copyTo(target, { ...copyStatements(copy), onRows, signal });
    } catch (error) {
      throw isOver(signal) ? cancelled(name) : await stopped(error, name, source);
    }
  }
}

/** How values are written on the one side and read on the other, whatever the roles' settings are. */
const formats =
  "SET LOCAL client_encoding = 'UTF8'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex'; SET LOCAL timezone = 'UTC'; SET LOCAL statement_timeout = 0";

/** One snapshot, to be read only. A role that sees a part of the rows (row security) gets an error, not that part. */
async function openSource(source: Session, key: string | undefined): Promise<boolean> {
  await source.batch(
    `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ''; ${formats}; SET LOCAL lock_timeout = '${lockTimeout}'; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL row_security = off; SET LOCAL jit = off`,
  );
  const bytes = key === undefined ? randomBytes(32) : createHash("sha256").update(key).digest();
  await source.query("SELECT pg_catalog.set_config($1, $2, true)", [
    keySetting,
    bytes.toString("hex"),
  ]);
  const [[isStandby]] = (await source.queryArrays("SELECT pg_catalog.pg_is_in_recovery()")) as [
    [boolean],
  ];
  return isStandby;
}

async function sizesOf(
  session: Session,
  { tables }: Structure,
  lost: ReadonlyMap<QualifiedName, string>,
): Promise<FilledClone["tables"]> {
  const sized: FilledClone["tables"][number][] = [];
  for (const { oid, name, sql } of tables) {
    const [[rows, bytes]] = (await session.queryArrays(
      `SELECT pg_catalog.count(*)::float8, pg_catalog.pg_total_relation_size(${oid})::float8 FROM ONLY ${sql}`,
    )) as [[number, number]];
    const reason = lost.get(name);
    const size = { wanted: rows, rows, bytes, wantedBytes: bytes };
    sized.push({ relation: name, ...size, unlike: [], unlinked: [], reason });
  }
  return sized;
}

function columnsOf(copies: readonly TableCopy[]): readonly MaskedColumn[] {
  return copies.flatMap(({ table, columns }) =>
    [...columns].map(([column, { mask, by }]) => ({ relation: table.name, column, mask, by })),
  );
}

function isOver(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function cancelled(relation: QualifiedName): LockstepError {
  return new LockstepError("run-cancelled", {
    what: `the copy of the rows was stopped at ${relation}`,
    expected: "all rows of one snapshot",
    found: "a request to stop",
    from: "Ctrl-C, or a signal",
    next: ["run it again: nothing was left behind"],
  });
}
