import { introspect } from "../catalog/index.ts";
import { applyHistory, replayMigrations, rolesOf } from "../check/index.ts";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import { Session, sqlState } from "../pg/index.ts";
import { ledgerOf, type MigrationFolder } from "../tools/index.ts";
import { withoutLedgerSchema, type Baseline } from "./find.ts";
import { printedParts, type PrintedCatalog } from "./prints.ts";
import { imitatingSql, reconcilingParts, type ReconcilingPart } from "./reconcile.ts";
import { remaining, type Remaining } from "./remains.ts";
import { tryEach } from "./try-each.ts";

export interface MigrationRequest {
  readonly folder: MigrationFolder;
  /** Of the database, read with the parts that are compared. */
  readonly database: PrintedCatalog;
  readonly baseline: Baseline;
  readonly major: number;
  readonly scratchUrl: string | undefined;
}

/** What the next migration has to do so that the database becomes what all of them make. */
export interface ReconcilingMigration {
  /** In an order in which they run; none when nothing can be written. */
  readonly parts: readonly ReconcilingPart[];
  /** What it leaves different: added by hand, or not to be told from a catalog. */
  readonly leaves: readonly Remaining[];
  /** Why it could not be tried on a copy of the database's schema; undefined when it was. */
  readonly untried: string | undefined;
}

/**
 * What remains different after every migration of the folder was run on the database, as statements for the next one. All
 * databases run that one, so each statement changes nothing where there is nothing to change. Tried on scratch: on a copy
 * of the database's schema, behind the migrations that it lacks; and where the whole history was run, which it must leave as it is.
 *
 * @throws LockstepError `baseline-unwritable` when it does not stand either, `scratch-unavailable`, `scratch-run-failed`
 */
export async function reconcilingMigration(
  request: MigrationRequest,
): Promise<ReconcilingMigration> {
  await using whole = await Scene.open(request, request.folder.migrations.length);
  await using copy = await Scene.open(request, request.baseline.prefix.length);
  const wanted = await whole.look();
  const untried = await imitate(copy, request);
  const rest = pendingOf(request);
  if (untried !== undefined && rest.length > 0) throw notImitated(untried, rest.length, request);
  if (untried === undefined) await runPending(copy, rest, request);
  const now = untried === undefined ? await copy.look() : request.database;
  const remains = await remaining(wanted, now, whole.session);
  const written = reconcilingParts(remains);
  const wordless = written.filter(({ statements }) => statements.length === 0);
  const speaking = written.filter(({ statements }) => statements.length > 0);
  const ordered = untried === undefined ? await runOn(copy, speaking) : speaking;
  await runOn(whole, ordered);
  const changed = await remaining(wanted, await whole.look(), whole.session);
  if (changed.length > 0) throw changesWhatIsRight(changed);
  return {
    parts: ordered.length === 0 ? [] : [...ordered, ...wordless],
    leaves:
      untried === undefined
        ? await remaining(wanted, await copy.look(), whole.session)
        : remains.filter((row) =>
            reconcilingParts([row]).every(({ statements }) => statements.length === 0),
          ),
    untried,
  };
}

/** A scratch database that holds the first migrations. */
class Scene implements AsyncDisposable {
  readonly #replayed: Awaited<ReturnType<typeof replayMigrations>>;
  readonly #folder: MigrationFolder;
  readonly session: Session;

  private constructor(
    replayed: Awaited<ReturnType<typeof replayMigrations>>,
    folder: MigrationFolder,
    session: Session,
  ) {
    this.#replayed = replayed;
    this.#folder = folder;
    this.session = session;
  }

  static async open(
    { folder, major, scratchUrl }: MigrationRequest,
    amount: number,
  ): Promise<Scene> {
    const isShared = scratchUrl !== undefined;
    const replayed = await replayMigrations(folder.migrations.slice(0, amount), {
      major,
      url: scratchUrl,
    });
    await replayed.createRoles(await rolesOf(folder.migrations.slice(amount), isShared));
    const { url } = replayed;
    return new Scene(
      replayed,
      folder,
      await Session.open({ url, applicationName: "lockstep/baseline" }),
    );
  }

  get url(): string {
    return this.#replayed.url;
  }

  async look(): Promise<PrintedCatalog> {
    const ignore = ledgerOf(this.#folder);
    const catalog = await introspect(this.session, { ignore, parts: printedParts });
    return withoutLedgerSchema(catalog, this.#folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
    await this.#replayed[Symbol.asyncDispose]();
  }
}

/** Makes the database's schema of the prefix, by the differences read the other way round; gives why that is not possible. */
async function imitate(copy: Scene, { database }: MigrationRequest): Promise<string | undefined> {
  const statements = imitatingSql(await remaining(database, await copy.look(), copy.session));
  await copy.session.query("BEGIN");
  const { left } = await tryEach(copy.session, statements, (sql) => [sql]);
  await copy.session.query("COMMIT");
  const [failed] = left;
  if (failed !== undefined) return `${failed.error.message}, at: ${failed.sql}`;
  const others = await remaining(database, await copy.look(), copy.session);
  return others.length === 0
    ? undefined
    : `what is not written from a catalog: ${others.map(({ what, object }) => `${what} ${object}`).join(", ")}`;
}

/** Migrations that the database would still get: neither marked nor to be marked. */
function pendingOf({ folder, baseline }: MigrationRequest) {
  return folder.migrations.filter((_, at) =>
    ["unseen", "ahead", "pending"].includes(baseline.migrations[at]!.state),
  );
}

async function runPending(
  copy: Scene,
  pending: ReturnType<typeof pendingOf>,
  { scratchUrl }: MigrationRequest,
): Promise<void> {
  for (const migration of pending) {
    try {
      await applyHistory(copy.url, [migration], { isShared: scratchUrl !== undefined });
    } catch (error) {
      if (!isLockstepError(error)) throw error;
      throw new LockstepError(
        "baseline-unwritable",
        {
          what: `${migration.id} is pending, and does not run on a copy of this database's schema: a migration behind it comes too late`,
          expected: "pending migrations that run on what the database has",
          found: error.explanation.found ?? error.explanation.what,
          from: migration.file,
          why: "it needs something that is missing in the database, or makes what is there already",
          next: [
            "bring the database to the prefix first, by hand: lockstep baseline --write-reconcile fix.sql",
            `or, when it was run there: lockstep baseline --assume ${migration.id}`,
          ],
        },
        { cause: error },
      );
    }
  }
}

/** Runs all of them in one transaction, as the strictest of the tools would, and gives the order. */
async function runOn(
  { session }: Scene,
  parts: readonly ReconcilingPart[],
): Promise<readonly ReconcilingPart[]> {
  await session.query("BEGIN");
  const { done, left } = await tryEach(session, parts, ({ statements }) => statements);
  const [failed] = left;
  await session.query(failed === undefined ? "COMMIT" : "ROLLBACK");
  if (failed === undefined) return done;
  // unsafe_new_enum_value_usage: that of several files would be no other, where a tool runs all that is pending as one.
  const isLabel = sqlState(failed.error) === "55P04";
  throw new LockstepError("baseline-unwritable", {
    what: "the reconciling statements do not run on scratch as one migration: none was written",
    expected:
      "statements that run on a copy of this database's schema, and on what all migrations make",
    found: `${failed.error.message}, at: ${failed.sql}`,
    from: failed.item.comments[0],
    why: isLabel
      ? "a label of an enum cannot be used in the transaction that adds it, and many tools run all that is pending in one"
      : "something else depends on what they change, or they cannot share a transaction",
    next: isLabel
      ? [
          "add the label in a migration of its own, and have that applied: lockstep baseline --write-reconcile fix.sql prints its ALTER TYPE",
          "then the same command again, for the rest",
        ]
      : ["write it by hand from: lockstep baseline --write-reconcile fix.sql"],
  });
}

function notImitated(untried: string, amount: number, { folder }: MigrationRequest): LockstepError {
  return new LockstepError("baseline-unwritable", {
    what: "what remains different behind the pending migrations is not known: no migration was written",
    expected: "a copy of this database's schema on scratch, to run them on",
    found: untried,
    from: folder.path,
    why: `${amount} of ${folder.migrations.length} migrations would run before it, and change what it is about`,
    next: [
      "run the pending ones first: lockstep baseline --apply, then lockstep migrate",
      "or bring the database to the prefix by hand: lockstep baseline --write-reconcile fix.sql",
    ],
  });
}

function changesWhatIsRight(changed: readonly Remaining[]): LockstepError {
  return new LockstepError("baseline-unwritable", {
    what: "the reconciling statements change a database that is right already: no migration was written",
    expected: "no change where all migrations were run",
    found: changed.map(({ sentence }) => sentence).join("\n"),
    why: "every database runs the migrations of the folder, those too in which nothing differs",
    next: ["write it by hand from: lockstep baseline --write-reconcile fix.sql"],
  });
}
