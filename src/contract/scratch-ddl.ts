import { createHash } from "node:crypto";
import { introspect } from "../catalog/index.ts";
import { LockstepError } from "../errors/index.ts";
import { Session, sqlState, type ServerError } from "../pg/index.ts";
import { keptFiles, type Scratch } from "../scratch/index.ts";
import { maskLiterals, quoteIdent } from "../sql/index.ts";
import { contractParts, type ContractCatalog } from "./from-catalog.ts";

/** A statement to run on scratch, with the place to name when it fails. */
export interface ScratchStatement {
  readonly sql: string;
  readonly from: string;
}

/** Where catalogs are kept from one process to the next. */
export interface KeptCatalogs {
  /** Identifies Lockstep's own code, which reads catalogs. */
  readonly build: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * As `catalogOnScratch`; the same statements on an embedded server of the same major leave the same catalog, which is kept.
 * @param kept undefined: nothing is kept
 */
export async function catalogOf(
  scratch: Scratch,
  statements: readonly ScratchStatement[],
  kept: KeptCatalogs | undefined,
): Promise<ContractCatalog> {
  const files = kept && scratch.isEmbedded ? keptFiles("catalogs", kept.env) : undefined;
  if (files === undefined) return catalogOnScratch(scratch, statements);
  const made = ["catalog 1", kept!.build, scratch.major, statements.map(({ sql }) => sql)];
  const key = createHash("sha256").update(JSON.stringify(made)).digest("hex");
  const found = files.read(key);
  if (found !== undefined) return JSON.parse(found.toString("utf8")) as ContractCatalog;
  const catalog = await catalogOnScratch(scratch, statements);
  files.write(key, Buffer.from(JSON.stringify(catalog)));
  return catalog;
}

/**
 * Runs statements one by one on a new scratch database, captures the catalog they make and drops the
 * database. Comparing catalogs instead of texts is what makes every source speak Postgres' own dialect.
 *
 * Roles and extensions that the statements take for granted are made; afterwards the server is as it was.
 *
 * @param look asks the database something while it is there
 * @throws LockstepError `contract-source` naming the statement that failed
 */
export async function catalogOnScratch(
  scratch: Scratch,
  statements: readonly ScratchStatement[],
  look: (session: Session) => Promise<void> = async () => {},
): Promise<ContractCatalog> {
  await using admin = await Session.open({
    url: scratch.url,
    applicationName: "lockstep/contract",
  });
  const before = await readRoles(admin);
  const database = await scratch.createDatabase();
  try {
    await using session = await Session.open({
      url: database.url,
      applicationName: "lockstep/contract",
    });
    for (const statement of statements) await run(session, statement);
    // A file may leave a transaction open or settings behind; neither may hide or change what is read.
    await session.query("ROLLBACK");
    await session.query("RESET ALL");
    const catalog = await introspect(session, { parts: contractParts });
    await look(session);
    return catalog;
  } finally {
    await database.drop();
    for (const role of await readRoles(admin))
      // Refused while another process uses the same server and the role.
      if (!before.has(role)) await admin.query(`DROP ROLE ${quoteIdent(role)}`).catch(() => {});
  }
}

async function readRoles(session: Session): Promise<ReadonlySet<string>> {
  const { rows } = await session.query<{ name: string }>(
    "SELECT rolname AS name FROM pg_catalog.pg_roles",
  );
  return new Set(rows.map(({ name }) => name));
}

async function run(session: Session, statement: ScratchStatement): Promise<void> {
  const tried = new Set<string>();
  for (;;) {
    try {
      await session.batch(statement.sql);
      return;
    } catch (error) {
      // duplicate_object: a role belongs to the whole server and may be there from elsewhere.
      if (sqlState(error) === "42710" && (error as Error).message.startsWith("role ")) return;
      const remedy = remedyFor(error);
      if (remedy === undefined || tried.has(remedy.sql)) throw await explain(statement, error);
      tried.add(remedy.sql);
      try {
        await session.query(remedy.sql);
      } catch {
        throw await explain(statement, error, remedy.extension);
      }
    }
  }
}

/** What the statement takes for granted and an empty server lacks: a role or an extension. */
export function remedyFor(
  error: unknown,
): { readonly sql: string; readonly extension?: string } | undefined {
  const role = /^role "(.+)" does not exist$/s.exec((error as ServerError).message)?.[1];
  if (sqlState(error) === "42704" && role !== undefined)
    return { sql: `CREATE ROLE ${quoteIdent(role)}` };
  const extension = neededExtension(error);
  return extension === undefined
    ? undefined
    : { sql: `CREATE EXTENSION IF NOT EXISTS ${quoteIdent(extension)}`, extension };
}

/** What widely used extensions bring: an ORM's DDL uses it and does not create it. */
const extensionOf: Readonly<Record<string, string>> = {
  citext: "citext",
  hstore: "hstore",
  ltree: "ltree",
  cube: "cube",
  vector: "vector",
  halfvec: "vector",
  sparsevec: "vector",
  geometry: "postgis",
  geography: "postgis",
  gin_trgm_ops: "pg_trgm",
  gist_trgm_ops: "pg_trgm",
  "uuid_generate_v4()": "uuid-ossp",
  "uuid_generate_v1()": "uuid-ossp",
  "uuid_generate_v1mc()": "uuid-ossp",
};

/** 42704 undefined_object and 42883 undefined_function, of a name that an extension is known to bring. */
function neededExtension(error: unknown): string | undefined {
  const state = sqlState(error);
  if (state !== "42704" && state !== "42883") return undefined;
  const { message } = error as ServerError;
  return Object.entries(extensionOf).find(
    ([name]) => message.includes(`"${name}"`) || message.includes(` ${name} `),
  )?.[1];
}

async function explain(
  statement: ScratchStatement,
  error: unknown,
  extension?: string,
): Promise<LockstepError> {
  const { message, detail } = error as ServerError;
  // feature_not_supported, for CREATE EXTENSION of what the server does not have.
  const absent = extension ?? /^extension "(.+)" is not available$/.exec(message)?.[1];
  return new LockstepError(
    "contract-source",
    {
      what: `${statement.from}: the scratch Postgres refuses what the contract is made from`,
      expected: "statements that run on an empty database",
      found: detail === undefined ? message : `${message} (${detail})`,
      from: `${statement.from}: ${await maskLiterals(statement.sql, 160)}`,
      why:
        absent === undefined
          ? "the statement is wrong, or needs something that is made neither by the schema nor by the migrations"
          : `it needs extension ${absent}, which the scratch server does not have`,
      next:
        absent === undefined
          ? ["correct the statement, or add what it needs to the first migration"]
          : [`name a scratch server that has ${absent}: --scratch-url postgres://…`],
    },
    { cause: error },
  );
}
