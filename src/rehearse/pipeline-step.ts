import { diff, introspect, type Catalog } from "../catalog/index.ts";
import { rehearseCommandRun, type CommandRehearsed } from "../recording/index.ts";
import { Session } from "../pg/index.ts";
import { cancellation, markApplied } from "../runner/index.ts";
import { ledgerOf, rowsByMigration, type Migration, type MigrationFolder } from "../tools/index.ts";
import type { Sized } from "./clones.ts";
import type { RehearsedStep } from "./model.ts";
import { faultsOf, reachesOut } from "./pipeline-step-faults.ts";
import type { StepRequest } from "./request.ts";
import { changedBesides, columnDigests, type ColumnDigests } from "./row-digests.ts";
import type { Ran } from "./run-once.ts";

export interface StepOnSize {
  readonly step: StepRequest;
  readonly scale: number;
  readonly sized: Sized;
  readonly folder: MigrationFolder;
  /** As the runner may apply them there: what reaches beyond the database is left out. */
  readonly pending: readonly Migration[];
  /** True on a server that others use too: no command is run there that would reach beyond the database. */
  readonly isShared: boolean;
  /** Ids of migrations that the source has; undefined where the copy's own ledgers tell it. */
  readonly applied: ReadonlySet<string> | undefined;
  /** Whether the rows are the source's own, which no report may show. */
  readonly isReal: boolean;
  /** The pending work through the runner; plans through their contract phase, or up to it. */
  readonly run: (url: string, toTheEnd: boolean) => Promise<Ran>;
  readonly signal: AbortSignal | undefined;
}

/** Bytes of the tables above which rows are not compared: of several databases all would be read. */
const mostComparedBytes = 512 * 1024 * 1024;
const loosely = { columnOrder: false } as const;

/** What a database holds, but for the ledgers, and what these say. */
interface State {
  readonly catalog: Catalog;
  readonly rows: ColumnDigests;
  readonly recorded: ReadonlySet<string>;
}

/**
 * Runs the command by which the pipeline applies the pending work on a copy of its own, twice, and compares what came of it with
 * what the runner makes of another copy. What the command says of itself does not count.
 *
 * @returns undefined where the runner does not come to the end of the work there, which is told elsewhere
 * @throws LockstepError `run-cancelled`
 */
export async function rehearseStep(request: StepOnSize): Promise<RehearsedStep | undefined> {
  const { step, scale, sized, pending, folder, isReal, run, signal } = request;
  const { shown: command } = step;
  const ids = pending.map(({ id }) => id);
  const ledger = folder.ledger === undefined ? null : ledgerName(folder.ledger);
  const rowsCompared = areRowsCompared(sized);
  const reaching = request.isShared ? reachingFiles(folder, pending) : [];
  if (reaching.length > 0)
    return {
      ...notRun,
      command,
      scale,
      ledger,
      missing: ids,
      rowsCompared: false,
      faults: [reachesOut(command, reaching)],
    };
  const start = await onCopy(sized, async (url) => stateOf(request, url));
  const upTo = await onCopy(sized, async (url) => {
    const ran = await run(url, false);
    return { ran, state: await stateOf(request, url) };
  });
  if (upTo.ran.error !== undefined) return undefined;
  const { carried } = upTo.ran;
  const whole =
    carried.length === 0
      ? upTo
      : await onCopy(sized, async (url) => {
          const ran = await run(url, true);
          return { ran, state: await stateOf(request, url) };
        });
  return onCopy(sized, async (url) => {
    await recordForTool(request, url);
    const first = await runCommandOn(request, url);
    const end = await stateOf(request, url);
    const [short, full] = [upTo, whole].map(({ state }) => comparison(start, state, end));
    const [toContract, toEnd] = [await short!, await full!];
    // Production's step may be Lockstep's own, which leaves what plans take away to a later run.
    const isShort = carried.length > 0 && toContract.off.length === 0 && toEnd.off.length > 0;
    const { off, besides } = isShort ? toContract : toEnd;
    const isSame = off.length + besides.length === 0 && !(await isEqual(start, end));
    const applied = ids.filter((id) => end.recorded.has(id) || (ledger === null && isSame));
    const missing = ids.filter((id) => !applied.includes(id));
    const again = first.ok && missing.length === 0 ? await runAgain(request, url, end) : undefined;
    const said = { ...first, tail: isReal ? [] : first.tail, error: errorOf(first, isReal) };
    cancellation(signal).throwIfAborted();
    return {
      command,
      scale,
      ledger,
      ended: first.ended,
      ms: first.ms,
      runnerMs: timeOf(isShort ? upTo.ran : whole.ran),
      applied,
      missing,
      sameCatalog: off.length === 0,
      besides,
      rowsCompared,
      beforeContract: isShort ? carried : [],
      again,
      refused: first.refused,
      said: said.tail,
      faults: faultsOf({
        command,
        first: said,
        ids,
        missing,
        ledger,
        off,
        besides,
        again,
      }),
    };
  });
}

const notRun = {
  ended: null,
  ms: null,
  runnerMs: null,
  applied: [],
  sameCatalog: false,
  besides: [],
  beforeContract: [],
  again: undefined,
  refused: [],
  said: [],
} as const satisfies Partial<RehearsedStep>;

/** Files of which the runner leaves something out. */
function reachingFiles(
  { migrations }: MigrationFolder,
  pending: readonly Migration[],
): readonly string[] {
  const given = new Map(migrations.map(({ id, sql }) => [id, sql]));
  return pending.flatMap(({ id, file, sql }) => (given.get(id) === sql ? [] : [file]));
}

async function onCopy<Value>(sized: Sized, work: (url: string) => Promise<Value>): Promise<Value> {
  const copy = await sized.copy();
  try {
    return await work(copy.url);
  } finally {
    await copy.drop();
  }
}

/** What the source has, in the ledger of a tool whose migrations are programs: the runner has no need of it on scratch. */
async function recordForTool({ folder, applied, signal }: StepOnSize, url: string): Promise<void> {
  if (applied === undefined || folder.program === undefined) return;
  await markApplied({
    url,
    folder,
    migrations: applied,
    reason: "the source has it",
    verify: async () => {},
    emit: () => {},
    signal: signal && AbortSignal.any([signal]),
    options: { command: "rehearse" },
  });
}

async function runCommandOn({ step, signal }: StepOnSize, url: string): Promise<CommandRehearsed> {
  const { command, cwd, env, urlVariables, known, limitMs, onLine } = step;
  const heard = { command, cwd, env, urlVariables, known, limitMs, onLine, url };
  const ran = await rehearseCommandRun({ ...heard, signal });
  cancellation(signal).throwIfAborted();
  return ran;
}

async function runAgain(
  request: StepOnSize,
  url: string,
  before: State,
): Promise<RehearsedStep["again"]> {
  const { ok, ended } = await runCommandOn(request, url);
  const after = await stateOf(request, url);
  const objects = await diff(before.catalog, after.catalog, loosely);
  const changed = [...objects.map(words), ...otherRows(before, before, after)];
  return { ok, ended, changed };
}

async function stateOf({ folder, sized }: StepOnSize, url: string): Promise<State> {
  await using session = await Session.open({ url, applicationName: "lockstep/rehearse" });
  const catalog = await introspect(session, { ignore: ledgerOf(folder) });
  const rows = areRowsCompared(sized)
    ? await columnDigests(session, catalog)
    : new Map<string, never>();
  return { catalog, rows, recorded: await recordedIn(session, folder) };
}

/** Migrations that count as applied by the tool's ledger; by Lockstep's where the tool has none. */
async function recordedIn(
  session: Session,
  { ledger, migrations, source }: MigrationFolder,
): Promise<ReadonlySet<string>> {
  const { rows } = await session.query<{ there: boolean }>(
    "SELECT pg_catalog.to_regclass('lockstep.migration') IS NOT NULL AS there",
  );
  const own = rows[0]!.there
    ? await session.query<{ id: string }>("SELECT id FROM lockstep.migration WHERE source = $1", [
        source,
      ])
    : { rows: [] };
  const ours = new Set(own.rows.map(({ id }) => id));
  if (ledger === undefined) return ours;
  const listed = rowsByMigration(migrations, await ledger.read(session, migrations), ours);
  return new Set(
    [...listed].flatMap(([id, { unfinished }]) => (unfinished === undefined ? [id] : [])),
  );
}

/** What is otherwise than the runner has left it: of what it touched, and of what it did not. */
async function comparison(start: State, runner: State, end: State) {
  const touched = new Set(
    (await diff(start.catalog, runner.catalog, loosely)).map(({ object }) => object),
  );
  const found = await diff(runner.catalog, end.catalog, loosely);
  return {
    off: found.filter(({ object }) => touched.has(object)).map(words),
    besides: [
      ...found.filter(({ object }) => !touched.has(object)).map(words),
      ...otherRows(start, runner, end),
    ],
  };
}

/** `rows of public.item`, where values are other ones that are not to change. */
function otherRows(start: State, expected: State, end: State): readonly string[] {
  return changedBesides(start.rows, expected.rows, end.rows).map((table) => `rows of ${table}`);
}

async function isEqual(one: State, other: State): Promise<boolean> {
  const objects = await diff(one.catalog, other.catalog, loosely);
  return objects.length + otherRows(one, one, other).length === 0;
}

function words({ object, kind }: { readonly object: string; readonly kind: string }): string {
  return `${object}: ${kind.replaceAll("-", " ")}`;
}

/** On rows of the source itself the server's text may quote a value: its SQLSTATE is told. */
function errorOf({ error }: CommandRehearsed, isReal: boolean): string | undefined {
  if (error === undefined) return undefined;
  return isReal ? `SQLSTATE ${error.sqlstate}` : `${error.message} (SQLSTATE ${error.sqlstate})`;
}

function areRowsCompared({ clone }: Sized): boolean {
  return clone.tables.reduce((sum, { bytes }) => sum + bytes, 0) <= mostComparedBytes;
}

function ledgerName({ schema, table }: NonNullable<MigrationFolder["ledger"]>): string {
  return `${schema}.${table}`;
}

function timeOf({ began, ended }: Ran): number {
  return ended - began;
}
