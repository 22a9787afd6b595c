import { diff, introspect, type Catalog, type Difference } from "../catalog/index.ts";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import { Session } from "../pg/index.ts";
import { Confinement, startScratch, type Scratch } from "../scratch/index.ts";
import { maskLiterals, parseSql } from "../sql/index.ts";
import { forScratch, type Migration, type MigrationFolder } from "../tools/index.ts";
import { migrate } from "./migrate.ts";
import { postconditionOf } from "./postcondition/index.ts";

/** What a comparison of catalogs says about a migration. */
export interface Verdict {
  /** Where the database is not as it should be, one line each. */
  readonly differences: readonly string[];
  /** Statements whose effect a catalog does not show, masked. */
  readonly unseen: readonly string[];
  /** False when the migration changes nothing that a catalog shows: then nothing is proven. */
  readonly isVisible: boolean;
}

/** A transformation of names is no difference here, nor where a column stands. */
const loosely = { columnOrder: false } as const;

/**
 * Replays the history on scratch without and with the migration; what the two differ in is what it touches, and is
 * compared with the database.
 */
export async function compareWithCatalog(
  folder: MigrationFolder,
  migration: Migration,
  applied: ReadonlySet<string>,
  request: {
    readonly url: string;
    readonly as: "applied" | "rolled-back";
    readonly scratchUrl?: string | undefined;
  },
): Promise<Verdict> {
  const { url, as, scratchUrl } = request;
  const ignore =
    folder.ledger === undefined
      ? []
      : [{ schema: folder.ledger.schema, table: folder.ledger.table }];
  await using session = await Session.open({ url, applicationName: "lockstep/resolve" });
  const { major } = session;
  const live = await introspect(session, { ignore });
  await using scratch = await startScratch(
    scratchUrl === undefined ? { major } : { url: scratchUrl, major },
  );
  await copyRoles(session, scratch);
  const isIt = ({ id }: Migration) => id === migration.id;
  const history = folder.migrations.filter((one) => applied.has(one.id) || isIt(one));
  const upTo = history.slice(0, history.findIndex(isIt));
  const unseen = await unseenStatements(migration);
  const replayed = async (migrations: readonly Migration[]) =>
    replay(scratch, folder, migrations, ignore);
  const before = await replayed(upTo);
  const hasLater = upTo.length + 1 < history.length;
  const othersOnly = async () =>
    hasLater ? replayed(history.filter((one) => !isIt(one))) : before;
  let after: Catalog;
  try {
    after = await replayed([...upTo, migration]);
  } catch (error) {
    if (as === "applied") throw error;
    // A migration that cannot run tells nothing of what it would touch: then all must be as without it.
    const found = await diff(await othersOnly(), live, loosely);
    return { differences: found.map(describe), unseen, isVisible: true };
  }
  const touched = (await diff(before, after, loosely)).map(addressOf);
  const withIt = async () => (hasLater ? replayed(history) : after);
  const found = await diff(as === "applied" ? await withIt() : await othersOnly(), live, loosely);
  return {
    differences: found.filter((one) => touches(addressOf(one), touched)).map(describe),
    unseen,
    isVisible: touched.length > 0,
  };
}

type Ignored = readonly { readonly schema: string; readonly table: string }[];

/** @throws LockstepError `scratch-run-failed` when the migrations do not run on scratch */
async function replay(
  scratch: Scratch,
  folder: MigrationFolder,
  migrations: readonly Migration[],
  ignore: Ignored,
): Promise<Catalog> {
  const { url } = await scratch.createDatabase();
  const part = { ...forScratch(folder), migrations: await confined(scratch, migrations) };
  try {
    await migrate({ url, folder: part, emit: () => {}, options: { command: "scratch" } });
  } catch (error) {
    if (!isLockstepError(error)) throw error;
    const { what, found, from, why } = error.explanation;
    throw new LockstepError(
      "scratch-run-failed",
      {
        what: "the applied migrations do not run on a scratch database, so there is nothing to compare with",
        expected: "a history that builds the schema from nothing",
        found: [what, found].filter((text) => text !== undefined).join(": "),
        from,
        why:
          why ?? "a later migration needs this one, or the history relies on changes made by hand",
        next: [
          "name a scratch server that has what is missing: --scratch-url postgres://…",
          'or settle it on your own knowledge: --force "WHY"',
        ],
      },
      { cause: error },
    );
  }
  await using session = await Session.open({ url, applicationName: "lockstep/scratch" });
  return await introspect(session, { ignore });
}

/** Without what reaches beyond the scratch database: roles too, for one server is replayed on more than once. */
async function confined(
  scratch: Scratch,
  migrations: readonly Migration[],
): Promise<readonly Migration[]> {
  const confinement = new Confinement({ isShared: !scratch.isEmbedded, keepsRoles: true });
  const confined = await confinement.confine(migrations);
  await scratch.createRoles(confinement.roles);
  return confined;
}

/** GRANTs and policies of a history name roles, which belong to a server and not to a database. */
async function copyRoles(from: Session, scratch: Scratch): Promise<void> {
  const { rows } = await from.query<{ name: string }>(
    "SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_'",
  );
  await scratch.createRoles(rows.map(({ name }) => name));
}

/** Statements that do something no catalog shows. */
async function unseenStatements(migration: Migration): Promise<readonly string[]> {
  const statements = await parseSql(migration.sql, migration.file);
  const kinds = /^(Select|Insert|Update|Delete|Merge|Do|Call|Copy|Truncate)Stmt$/;
  const unseen = statements.filter(
    (statement) => kinds.test(statement.kind) && !postconditionOf(statement).complete,
  );
  return Promise.all(
    unseen.map(
      async ({ sql, line }) => `${migration.file}:${line} ${await maskLiterals(sql, 100)}`,
    ),
  );
}

/** The qualified name in a difference: comments and grants have the kind in front of it. */
function addressOf({ object }: Difference): string {
  const space = object.lastIndexOf(" ");
  return space === -1 || object.includes('"') ? object : object.slice(space + 1);
}

/** True when an object is one of the touched ones, a part of one, or the whole that one is part of. */
function touches(object: string, touched: readonly string[]): boolean {
  return touched.some(
    (other) => other === object || object.startsWith(`${other}.`) || other.startsWith(`${object}.`),
  );
}

function describe(difference: Difference): string {
  const words = difference.kind.replaceAll("-", " ");
  return `${difference.object}: ${words}`;
}
