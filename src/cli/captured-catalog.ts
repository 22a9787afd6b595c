import { introspect } from "../catalog/index.ts";
import { contractParts, type ContractSource } from "../contract/index.ts";
import { runCommand } from "../deploy/index.ts";
import { LockstepError } from "../errors/index.ts";
import { redact, Session } from "../pg/index.ts";
import type { Scratch } from "../scratch/index.ts";
import type { Context } from "./context.ts";

/** Where migration tools keep their ledgers: no release reads them. */
const ledgers = [
  { schema: "drizzle" },
  { schema: "graphile_migrate" },
  { schema: "supabase_migrations" },
  { schema: "atlas_schema_revisions" },
  ...[
    "_prisma_migrations",
    "__diesel_schema_migrations",
    "knex_migrations",
    "knex_migrations_lock",
    "kysely_migration",
    "kysely_migration_lock",
    "typeorm_metadata",
    "mikro_orm_migrations",
    "SequelizeMeta",
    "pgmigrations",
    "schema_migrations",
    "ar_internal_metadata",
    "flyway_schema_history",
    "databasechangelog",
    "databasechangeloglock",
    "alembic_version",
    "django_migrations",
  ].map((table) => ({ schema: "public", table })),
];

/**
 * What a migration tool's own command makes of an empty database: works for every tool that takes its database from
 * `DATABASE_URL`. That a command ends well proves nothing, so a database that is still empty is an error.
 *
 * @throws LockstepError `contract-source`
 */
export async function capturedCatalog(
  command: string,
  scratch: Scratch,
  folder: string,
  context: Context,
): Promise<ContractSource> {
  const database = await scratch.createDatabase();
  try {
    const { ok, ended, tail } = await runCommand({
      command,
      cwd: folder,
      env: { ...context.env, DATABASE_URL: database.url },
      emit: () => {},
      signal: context.signal,
      redact: (line) => redact(line, database.url),
    });
    if (!ok) throw failed(command, ended, tail);
    await using session = await Session.open({
      url: database.url,
      applicationName: "lockstep/contract",
    });
    const catalog = await introspect(session, { parts: contractParts, ignore: ledgers });
    if (Object.keys(catalog.tables).length === 0)
      throw failed(command, "it ended well and made no table", tail);
    return { kind: "catalog", catalog };
  } finally {
    await database.drop();
  }
}

function failed(command: string, ended: string, tail: readonly string[]): LockstepError {
  return new LockstepError("contract-source", {
    what: `the command that migrates scratch did not do it: ${ended}`,
    expected: "a command that migrates the empty database at DATABASE_URL",
    found: tail.slice(-5).join("\n") || "it printed nothing",
    from: `contract.command: ${command}`,
    why: "the tool takes its URL from elsewhere, or fails on an empty database",
    next: ["let the tool read DATABASE_URL, then build the contract again"],
  });
}
