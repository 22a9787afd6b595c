import { diff, introspect, type Catalog } from "../catalog/index.ts";
import type { Contract } from "../contract/index.ts";
import { catalogGate, onScratch, runOnScratch, type ScratchHistory } from "../deploy/index.ts";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import type { Difference } from "../gate/index.ts";
import type { Session } from "../pg/index.ts";
import type { Scratch } from "../scratch/index.ts";
import { quoteIdent, quoteQualified } from "../sql/index.ts";
import { ledgerOf, type Migration, type MigrationFolder } from "../tools/index.ts";
import { applyBack } from "./apply.ts";
import { inverseOf } from "./back.ts";
import type { CommandOnScratch } from "./by-command.ts";
import type { Last } from "./last.ts";
import type { Back, Rehearsal } from "./request.ts";

interface Rehearsed {
  readonly back: Back;
  readonly before: Catalog;
  readonly after: Catalog;
  /** The catalog after the way back. */
  readonly backed: Catalog;
  readonly rehearsal: Rehearsal;
  /** What each running release would miss after the way back and does not miss now. */
  readonly broken: readonly {
    readonly release: string;
    readonly differences: readonly Difference[];
  }[];
}

interface RehearsalRequest {
  readonly folder: MigrationFolder;
  readonly last: Last;
  /** Undefined: the inverse that the catalogs tell. */
  readonly written: Back | undefined;
  /** The tool's own way back, which goes before both. */
  readonly command?: CommandOnScratch | undefined;
  readonly running: readonly Contract[];
  readonly scratch: Scratch;
  readonly roles: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Rows in each table on the way. */
const rowsOnTheWay = 5;

/**
 * Goes the way on scratch that the target is to go: the history before the migration, rows into its tables, the migration,
 * its way back through the real runner, the migration again. Without rows where the migration does not bear made-up ones.
 *
 * @throws LockstepError `rollback-refused` when the way back does not lead back; `scratch-run-failed`
 */
export async function rehearse(request: RehearsalRequest): Promise<Rehearsed> {
  try {
    return await goTheWay(request, rowsOnTheWay);
  } catch (error) {
    if (!isLockstepError(error) || !isOfRows(error)) throw error;
    const bare = await goTheWay(request, 0);
    const withoutRows = `on made-up rows it fails: ${error.explanation.found ?? error.explanation.what}`;
    return { ...bare, rehearsal: { ...bare.rehearsal, withoutRows } };
  }
}

/** Made-up rows may break rules that nobody has written down; what fails without rows fails for another reason. */
function isOfRows({ code }: LockstepError): boolean {
  return code === "scratch-run-failed" || code === "rollback-refused";
}

async function goTheWay(request: RehearsalRequest, rows: number): Promise<Rehearsed> {
  const { folder, last, running, scratch, roles, signal } = request;
  const { migration } = last;
  return onScratch(scratch, { roles, signal }, async (history) => {
    const { session } = history;
    const look = async () => introspect(session, { ignore: ledgerOf(folder) });
    const upTo = async (migrations: readonly Migration[], which: string) =>
      runOnScratch(history, { ...folder, migrations }, which, { allowOutOfOrder: true });
    await request.command?.prepare(history);
    await upTo(last.before, "the applied migrations");
    const before = await look();
    const filled = rows === 0 ? 0 : await fill(session, folder, rows);
    const held = await rowsOf(session, before);
    await upTo([...last.before, migration], "the applied migrations");
    const after = await look();
    const known = await gates(running, session);
    const back = await goBack(history, request, { before, after });
    const backed = await look();
    await requireSame(before, backed, back);
    const broken = await newlyBroken(running, known, session);
    const now = await rowsOf(session, before);
    const changedRows = [...held].filter(([name, digest]) => now.get(name) !== digest);
    const isRepeatable = await upTo([...last.before, migration], "the migration, again,").then(
      async () => (await diff(after, await look(), loosely)).length === 0,
      () => false,
    );
    return {
      back,
      before,
      after,
      backed,
      broken,
      rehearsal: {
        major: session.major,
        tables: filled,
        changedRows: changedRows.map(([name]) => name),
        isRepeatable,
      },
    };
  });
}

const loosely = { columnOrder: false } as const;

/** Takes the migration back, and says how. */
async function goBack(
  history: ScratchHistory,
  request: RehearsalRequest,
  catalogs: { readonly before: Catalog; readonly after: Catalog },
): Promise<Back> {
  const { command, written, last } = request;
  if (command !== undefined) return command.takeBack(history);
  const back = written ?? (await inverseOf(history.session, last.migration, catalogs));
  await takeBackOnScratch(history, request, back);
  return back;
}

/** Rows into the tables of the product: those of the ledgers are taken out again. */
async function fill(session: Session, folder: MigrationFolder, rows: number): Promise<number> {
  // What every command loads must not load the effects with it: a report names the types of this room.
  const { fillTables } = await import("../effects/index.ts");
  const { filled } = await fillTables(session, rows);
  const ledgers = ledgerOf(folder).map(({ schema, table }) => `${schema}.${table}`);
  const { rows: own } = await session.query<{ name: string; schema: string; oid: number }>(
    `SELECT c.relname AS name, n.nspname AS schema, c.oid::integer AS oid
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = ANY ($1::oid[]) AND (n.nspname = 'lockstep' OR n.nspname || '.' || c.relname = ANY ($2))`,
    [[...filled], ledgers],
  );
  if (own.length > 0)
    await session.query(
      `TRUNCATE ${own.map(({ schema, name }) => quoteQualified(schema, name)).join(", ")} CASCADE`,
    );
  return filled.size - own.length;
}

/** A digest of the rows of each table, over the columns that it had at first. */
async function rowsOf(session: Session, { tables }: Catalog): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (const [object, { schema, name, kind, columns }] of Object.entries(tables)) {
    if (kind === "foreign" || kind === "partition" || columns.length === 0) continue;
    const list = columns.map((column) => `t.${quoteIdent(column.name)}`).join(", ");
    const { rows } = await session.query<{ digest: string }>(
      `SELECT coalesce(pg_catalog.md5(pg_catalog.string_agg(r.line, E'\\n' ORDER BY r.line)), '') AS digest
         FROM (SELECT ROW(${list})::text AS line FROM ${quoteQualified(schema, name)} t) AS r`,
    );
    digests.set(object, rows[0]!.digest);
  }
  return digests;
}

async function gates(running: readonly Contract[], session: Session) {
  const found = new Map<string, readonly Difference[]>();
  for (const contract of running)
    found.set(contract.hash, await catalogGate(contract, session, "scratch"));
  return found;
}

async function newlyBroken(
  running: readonly Contract[],
  known: ReadonlyMap<string, readonly Difference[]>,
  session: Session,
): Promise<Rehearsed["broken"]> {
  const now = await gates(running, session);
  return running
    .map(({ release, hash }) => {
      const before = new Set(known.get(hash)!.map(({ kind, object }) => `${kind} ${object}`));
      const differences = now
        .get(hash)!
        .filter(
          ({ severity, kind, object }) => severity === "error" && !before.has(`${kind} ${object}`),
        );
      return { release, differences };
    })
    .filter(({ differences }) => differences.length > 0);
}

async function takeBackOnScratch(
  { url, session, signal }: ScratchHistory,
  { folder, last: { migration } }: RehearsalRequest,
  back: Back,
): Promise<void> {
  const { rows } = await session.query<{ count: number }>(
    "SELECT pg_catalog.count(*)::integer AS count FROM lockstep.migration WHERE source = $1",
    [folder.source],
  );
  try {
    await applyBack({
      url,
      folder,
      migration,
      back,
      recorded: rows[0]!.count,
      signal,
      emit: () => {},
    });
  } catch (error) {
    if (!isLockstepError(error) || error.code === "run-cancelled") throw error;
    const { what, found } = error.explanation;
    throw new LockstepError(
      "rollback-refused",
      {
        what: `the way back of ${migration.id} does not run on scratch: nothing of the target was changed`,
        expected: "statements that take back what the migration made",
        found: [what, found].filter((text) => text !== undefined).join("\n"),
        from: back.from,
        why:
          back.kind === "file"
            ? "it was written beside the migration and never run, or one of the two was changed since"
            : "what the migration made is used by something that it made too, in an order that the catalogs do not tell",
        next: ["correct it, or write it (docs/rollback.md); then lockstep rollback again"],
      },
      { cause: error },
    );
  }
}

/** @throws LockstepError `rollback-refused` */
async function requireSame(before: Catalog, backed: Catalog, back: Back): Promise<void> {
  const found = await diff(before, backed, loosely);
  if (found.length === 0) return;
  throw new LockstepError("rollback-refused", {
    what: "the way back does not lead back: nothing of the target was changed",
    expected: "the catalog as it was before the migration",
    found: found.map(({ kind, object }) => `${object}: ${kind.replaceAll("-", " ")}`).join("\n"),
    from: back.from,
    why: "it forgets something that the migration makes, or makes it in another form than it had",
    next: ["correct it; then lockstep rollback again, which tries it on scratch first"],
  });
}
