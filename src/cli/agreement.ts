import { dirname, relative, resolve, sep } from "node:path";
import {
  byHandEvidence,
  compareThree,
  type Agreement,
  type CodeSide,
  type DatabaseFacts,
} from "../agreement/index.ts";
import { withoutLedgerSchema } from "../baseline/index.ts";
import { introspect, type Catalog } from "../catalog/index.ts";
import { replayMigrations, type Agreed, type CheckRequest, type LookedAt } from "../check/index.ts";
import { otherEnvironments, type ChosenEnvironment, type LoadedConfig } from "../config/index.ts";
import {
  buildContract,
  migrationOrigins,
  schemaCatalog,
  type SchemaCatalog,
} from "../contract/index.ts";
import { isLockstepError } from "../errors/index.ts";
import { migrationStates, runGate, type OtherEnvironment } from "../gate/index.ts";
import { migrateNext, plansInFlight } from "../ledger/index.ts";
import { Session } from "../pg/index.ts";
import { readStatusOn, type FolderStatus } from "../runner/index.ts";
import type { Scratch } from "../scratch/index.ts";
import { ledgerOf, toolNames, typesOfLedger, type MigrationFolder } from "../tools/index.ts";
import { agreementFindings } from "./agreement-findings.ts";
import type { Context } from "./context.ts";
import { openReader } from "./reader.ts";
import type { CheckedStatements } from "./recorded-statements.ts";
import { schemaSource } from "./schema-source.ts";

/** Scratch with all migrations of the folder applied in one database. */
type Migrated = Parameters<NonNullable<CheckRequest["agreement"]>>[0];

interface Question {
  readonly loaded: LoadedConfig;
  /** The database to compare with; undefined for code and migrations alone. */
  readonly target: ChosenEnvironment | undefined;
  readonly migrated: Migrated;
  /** What the code was recorded to send; undefined where the config names none. */
  readonly statements: CheckedStatements | undefined;
  readonly context: Context;
}

/** What writes the migration that is missing. */
const generate: Readonly<Record<string, string>> = {
  drizzle: "npx drizzle-kit generate",
  prisma: "npx prisma migrate dev --create-only",
  typeorm: "npx typeorm migration:generate --dataSource src/data-source.ts src/migrations/Change",
  "mikro-orm": "npx mikro-orm migration:create",
  // Sequelize makes an empty one, to be filled by hand.
  sequelize: "npx sequelize-cli migration:generate --name change",
  kysely: "npx kysely migrate make change",
};

/**
 * Code, migrations and database side by side.
 * @throws LockstepError `contract-source` when the schema cannot be loaded; a database that cannot be asked is told in the
 * answer
 */
export async function agree(question: Question): Promise<Agreed> {
  const { loaded, migrated, target, statements } = question;
  const { folder, scratch } = migrated;
  await using session = await Session.open({
    url: migrated.url,
    applicationName: "lockstep/check",
  });
  const catalog = await readCatalog(session, folder);
  const code = await codeSide(loaded, migrated, question.context);
  const origins = await migrationOrigins(folder);
  const failing = new Set<string>();
  if (code !== undefined)
    for (const object of await failingObjects(code, loaded, scratch, session)) failing.add(object);
  const live = await databaseSide(question, catalog.serverMajor);
  if (live.session !== undefined && code !== undefined)
    for (const object of await failingObjects(code, loaded, scratch, live.session))
      failing.add(object);
  if (live.session !== undefined && statements !== undefined)
    for (const object of await statements.failingIn(live.session, migrated)) failing.add(object);
  await live.session?.close();
  const agreement: Agreement = await compareThree({
    code: code?.side,
    migrations: { catalog, name: folder.path, origins, scratch: session },
    database: live.facts,
    databaseUnknown: target === undefined ? undefined : live.unknown,
    breaks: (object) => failing.has(object),
  });
  const findings = agreementFindings(agreement);
  if (statements === undefined) return { agreement, findings };
  const added = await statements.added(agreement, migrated);
  return { agreement: added.agreement, findings: [...findings, ...added.findings] };
}

interface Code {
  readonly side: CodeSide;
  /** Its schema, with places relative to the config's folder. */
  readonly known: SchemaCatalog;
  readonly source: NonNullable<Awaited<ReturnType<typeof schemaSource>>>;
}

async function codeSide(
  loaded: LoadedConfig,
  { scratch, folder }: Migrated,
  { cwd, env, build }: Context,
): Promise<Code | undefined> {
  const source = await schemaSource(loaded, async () => folder);
  if (source === undefined) return undefined;
  const known = await schemaCatalog({
    source,
    scratch,
    root: loaded.folder,
    kept: build === undefined ? undefined : { build, env },
  });
  const { from } = known.annotations;
  // Places of a config in another folder, as migrations are shown: from the working folder.
  const shown = (place: string) => relative(cwd, resolve(loaded.folder, place));
  const schema = {
    ...known,
    annotations: {
      ...known.annotations,
      from: (address: string) => {
        const place = from?.(address);
        return place === undefined ? undefined : shown(place);
      },
    },
  };
  const named = "files" in source ? source.files[0] : source.schema;
  return {
    source,
    known,
    side: {
      kind: source.kind,
      schema,
      file: schemaFile(schema) ?? (named === undefined ? source.kind : shown(named)),
      generate: generate[source.kind] ?? "write a migration",
    },
  };
}

/**
 * The file that holds most of the schema, as its objects' places name it; where no file does, the folder around them.
 * Undefined where their places are not known.
 */
function schemaFile({ catalog, annotations }: CodeSide["schema"]): string | undefined {
  const files = new Map<string, number>();
  for (const name of Object.keys(catalog.tables)) {
    const file = annotations.from?.(`relation ${name}`)?.replace(/:\d+$/, "");
    if (file !== undefined) files.set(file, (files.get(file) ?? 0) + 1);
  }
  const [most, ...others] = [...files].toSorted((a, b) => b[1] - a[1]);
  if (most === undefined) return undefined;
  const rest = others.reduce((sum, [, count]) => sum + count, 0);
  if (most[1] > rest) return most[0];
  const folder = commonFolder([...files.keys()]);
  return folder === "" ? most[0] : folder;
}

function commonFolder(files: readonly string[]): string {
  const [first = [], ...others] = files.map((file) => dirname(file).split(sep));
  const end = first.findIndex((part, at) => others.some((parts) => parts[at] !== part));
  return first.slice(0, end === -1 ? first.length : end).join("/");
}

/** What the code's statements would miss in a database: that closes the gate. */
async function failingObjects(
  { known, source }: Code,
  loaded: LoadedConfig,
  scratch: Scratch,
  database: Session,
): Promise<readonly string[]> {
  const contract = await buildContract({
    source,
    known,
    release: "check",
    scratch,
    root: loaded.folder,
  });
  const { differences } = await runGate({ contract, database, environment: "check" });
  return differences.flatMap(({ severity, object }) => (severity === "error" ? [object] : []));
}

interface Live {
  readonly session: Session | undefined;
  readonly facts: DatabaseFacts | undefined;
  /** Why it was not compared. */
  readonly unknown: string | undefined;
}

async function databaseSide(question: Question, major: number): Promise<Live> {
  const { target, migrated, context } = question;
  const nothing = { session: undefined, facts: undefined };
  if (target === undefined) return { ...nothing, unknown: undefined };
  let session: Session | undefined;
  try {
    session = await openReader(target.url, "check");
    const [inFlight] = await plansInFlight(session);
    if (inFlight !== undefined) {
      await session.close();
      return {
        ...nothing,
        unknown: `plan ${inFlight.id} is in flight (${inFlight.phase}): lockstep status looks for drift meanwhile`,
      };
    }
    const status = await readStatusOn(session, migrated.folder);
    const catalog = await readCatalog(session, migrated.folder);
    const facts: DatabaseFacts = {
      environment: target.name === "default" ? "the database" : target.name,
      catalog,
      applied: await appliedCatalog(status, migrated, major),
      status,
      isRecorded: isRecorded(migrated.folder, status),
      migrate: waysToMigrate(migrated.folder, status),
      elsewhere: status.migrations.some(({ state }) => state === "pending")
        ? await readElsewhere(migrated.folder, question, context)
        : [],
      evidence: await byHandEvidence(session),
    };
    return { session, facts, unknown: undefined };
  } catch (error) {
    await session?.close();
    if (!isLockstepError(error)) throw error;
    return { ...nothing, unknown: error.explanation.what };
  }
}

/** A folder of another tool's, whose ledger Lockstep cannot read, is told of only when Lockstep itself has applied some of it. */
function isRecorded({ ledger, tool }: MigrationFolder, { migrations }: FolderStatus): boolean {
  const isRead = ledger !== undefined || tool === "sql";
  return isRead || migrations.some(({ state }) => state !== "pending");
}

/** Where `lockstep migrate` would refuse the folder or what the ledger has of it, what works instead. */
function waysToMigrate(folder: LookedAt, { migrations }: FolderStatus): readonly string[] {
  const { tool, path, problems = [] } = folder;
  if (!(toolNames as readonly string[]).includes(tool))
    return [`the command of ${tool}, whose ledger Lockstep does not keep`];
  const [problem] = problems;
  if (problem === undefined) return [migrateNext(migrations)];
  const whenOf = new Map(folder.migrations.map(({ id, native }) => [id, Number(native["when"])]));
  const whens = (isPending: boolean) =>
    migrations.flatMap(({ id, state }) =>
      (state === "pending") === isPending ? (whenOf.get(id) ?? []) : [],
    );
  const isAllLater = Math.min(...whens(true)) > Math.max(...whens(false));
  return [
    ...(isAllLater ? ["npx drizzle-kit migrate, which takes the folder as it is"] : []),
    `${isAllLater ? "or " : ""}lockstep migrate, when ${path} is settled: lockstep status says how`,
  ];
}

/** What the migrations make that the ledger has; undefined when that is all of them. */
async function appliedCatalog(
  { migrations: states }: FolderStatus,
  { folder, scratch }: Migrated,
  major: number,
): Promise<Catalog | undefined> {
  const has = new Set(
    states.flatMap(({ id, state }) => (state === "applied" || state === "edited" ? [id] : [])),
  );
  const migrations = folder.migrations.filter(({ id }) => has.has(id));
  if (migrations.length === folder.migrations.length) return undefined;
  await using replayed = await replayMigrations(migrations, {
    major,
    url: scratch.isEmbedded ? undefined : scratch.url,
  });
  await using session = await Session.open({
    url: replayed.url,
    applicationName: "lockstep/check",
  });
  return await readCatalog(session, folder);
}

/** Longest wait for another environment: it only helps to explain. */
const patienceMs = 3_000;

/** What the other environments' ledgers say. One that cannot be reached is left out. */
async function readElsewhere(
  folder: MigrationFolder,
  { loaded, target }: Question,
  context: Context,
): Promise<readonly OtherEnvironment[]> {
  const others = otherEnvironments(loaded.config, target!, context.env);
  const read = others.map(async ({ environment, url }): Promise<OtherEnvironment> => {
    await using session = await Session.open({
      url,
      applicationName: "lockstep/check",
      connectTimeoutMs: patienceMs,
    });
    const states = await migrationStates(folder, session);
    const applied = [...states.values()].filter((one) => one.applied);
    return { environment, applied: new Map(applied.map((one) => [one.id, one.appliedAt])) };
  });
  const settled = await Promise.allSettled(read);
  return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

/** Catalogs are compared without the tool's own ledger. */
async function readCatalog(session: Session, folder: MigrationFolder): Promise<Catalog> {
  const read = await introspect(session, { ignore: ledgerOf(folder) });
  const catalog = withoutLedgerSchema(read, folder);
  const own = typesOfLedger(folder);
  if (own.size === 0) return catalog;
  const enums = Object.entries(catalog.enums).filter(([name]) => !own.has(name));
  return { ...catalog, enums: Object.fromEntries(enums) };
}
