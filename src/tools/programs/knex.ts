import { join, relative } from "node:path";
import type { Queryable } from "../../pg/index.ts";
import { quoteQualified } from "../../sql/index.ts";
import type { Stuck } from "../migration.ts";
import type { LedgerPlace } from "../ledger-table.ts";
import {
  environmentOf,
  findKnexfile,
  knexfileNames,
  knexLedgerOf,
  readKnexfile,
} from "./knexfile.ts";
import { nameLedger } from "./name-ledger.ts";
import { lineOf, openScript, scriptIn } from "./own-command.ts";
import { programFiles, unrecorded } from "./program-files.ts";
import type { ProgramReader } from "./program-reader.ts";

/** What Knex loads by default (migrations/migrate/sources/fs-migrations.js). */
const loaded = /\.(?:co|coffee|eg|iced|js|cjs|mjs|litcoffee|ls|ts)$/;

/**
 * A folder of Knex migrations: `20240101000000_name.js` by name. The ledger has the names with their endings, and a second
 * table is its lock. All that is pending is one transaction, unless one of them has `config.transaction` false.
 *
 * @throws LockstepError `folder-empty`, `file-unreadable`
 */
export const readKnexFolder: ProgramReader = (folder, { place, command, cwd }) => {
  const files = programFiles(folder, loaded, "20240101000000_users.js");
  const known = knownCommand(command, cwd);
  const found = findKnexfile(cwd, folder.path, known && lineOf(known, cwd));
  const knexfile = found && readKnexfile(found.file);
  const environment = knexfile && environmentOf(knexfile);
  // A person would type it so.
  const told = [
    ...(found?.isElsewhere === true ? ["--knexfile", relative(cwd, found.file)] : []),
    ...(environment === undefined ? [] : ["--env", environment]),
  ];
  const apply = known ?? ["npx", "knex", "migrate:latest", ...told];
  const named =
    knexfile && knexLedgerOf(knexfile, environmentIn(lineOf(apply, cwd)) ?? "development");
  const ledger = nameLedger(namedPlace(place, named), {
    owner: "Knex",
    table: "knex_migrations",
    columns: ["id", "name", "batch", "migration_time"],
    at: "migration_time",
    order: "id",
    create: (name) =>
      `CREATE TABLE ${name} (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz)`,
    values: (_, name) => ({
      batch: `(SELECT coalesce(max(batch), 0) + 1 FROM ${name})`,
      // A Date of JavaScript's has milliseconds.
      migration_time: "date_trunc('milliseconds', now())",
    }),
  });
  const lock = `${ledger.table}_lock`;
  return {
    tool: "knex",
    path: folder.shown,
    source: `knex:${folder.shown}`,
    migrations: files.map((file) => unrecorded(file.name, file)),
    ledger,
    program: {
      command: apply,
      cwd,
      sends: "deploy",
      nameColumns: ["name"],
      ownTables: [ledger.table, lock],
      isListed: true,
      settings: [
        ...knexfileNames.map((name) => join(cwd, name)),
        ...(found?.isElsewhere === true ? [found.file] : []),
      ],
      takesBack: ["npx knex migrate:down", ...told].join(" "),
      stuck: async (database) => leftLock(database, ledger.schema, lock),
    },
  };
};

/** The configured command, or that of a script of package.json: one that migrates, or one that runs Knex with its settings. */
function knownCommand(
  configured: string | readonly string[] | undefined,
  cwd: string,
): string | readonly string[] | undefined {
  return (
    configured ??
    scriptIn(cwd, /\bknex\b.*\bmigrate:(?:latest|up)\b/) ??
    openScript(cwd, /\bknex(?:\s+--(?:knexfile|esm|cwd|env)(?:[=\s]\S+)?)+\s*$/, "migrate:latest")
  );
}

/** The environment that a command names. */
function environmentIn(line: string): string | undefined {
  return /(?:^|\s)--env[=\s]+(\S+)/.exec(line)?.[1];
}

/** What is configured wins; what is not known is left away. */
function namedPlace(place: LedgerPlace, named: ReturnType<typeof knexLedgerOf> | undefined) {
  const schema = place.schema ?? named?.schema;
  const table = place.table ?? named?.table;
  return { ...place, ...(schema && { schema }), ...(table && { table }) };
}

/** A run of Knex's that was killed between its transactions leaves the lock taken: all later ones refuse. */
async function leftLock(
  database: Queryable,
  schema: string,
  table: string,
): Promise<Stuck | undefined> {
  const name = quoteQualified(schema, table);
  const there = await database.query<{ there: boolean }>(
    "SELECT pg_catalog.to_regclass($1) IS NOT NULL AS there",
    [name],
  );
  if (there.rows[0]?.there !== true) return undefined;
  const { rows } = await database.query(`SELECT FROM ${name} WHERE is_locked = 1`);
  if (rows.length === 0) return undefined;
  return {
    what: "Knex's own lock is taken",
    found: `is_locked = 1 in ${schema}.${table}`,
    why: "a run of Knex's goes on, or one was killed: the lock is a row, and stays",
    next: "when no run goes on (pg_stat_activity): npx knex migrate:unlock",
  };
}
