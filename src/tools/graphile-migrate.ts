import { hash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { quoteLiteral, quoteQualified } from "../sql/index.ts";
import { emptyFolder, type Folder } from "./folder.ts";
import { createOnceSql, ledgerAt, readLedgerTable, type LedgerPlace } from "./ledger-table.ts";
import type { Migration, MigrationFolder, NativeLedger } from "./migration.ts";
import { readSqlFile } from "./sql-file.ts";
import { askedOf } from "./senders.ts";
import { textOf } from "./tool-of.ts";
import { keepOnly } from "./up-part.ts";

/** Its name for a committed file; the slug behind the number tells nothing to it. */
const committedName = /^([0-9]+)(?:-[-_a-zA-Z0-9]*)?\.sql$/;

/** The folder of what is committed: `committed` in the folder of migrations, or that folder itself. */
function committedIn(folder: Pick<Folder, "path">): string | undefined {
  if (/[\\/]committed$/.test(folder.path)) return "";
  const inside = statSync(join(folder.path, "committed"), { throwIfNoEntry: false });
  return inside?.isDirectory() === true ? "committed" : undefined;
}

/** True for a folder that graphile-migrate has committed a migration to. */
export function isGraphileMigrates(folder: Pick<Folder, "path">): boolean {
  const committed = committedIn(folder);
  if (committed === undefined) return false;
  const names = readdirSync(join(folder.path, committed)).filter((name) =>
    committedName.test(name),
  );
  const [first] = names;
  if (first === undefined) return false;
  return /^--! Previous:/m.test(readSqlFile(join(folder.path, committed, first), first).sql);
}

/**
 * A folder of graphile-migrate's: `committed/000001-name.sql` by number, each with the hash of itself and of the one before
 * it. `current.sql` is work in progress and not run. A file is one transaction, unless its body begins with
 * `--! no-transaction`.
 *
 * @throws LockstepError `folder-empty`, `migration-duplicate-id`, `migration-edited` and `migration-missing` where the
 * chain of hashes is broken, `migration-unsupported`, and what `readSqlFile` and `ledgerAt` throw
 */
export function readGraphileMigrateFolder(folder: Folder, place: LedgerPlace): MigrationFolder {
  const below = committedIn(folder);
  const names =
    below === undefined
      ? []
      : readdirSync(join(folder.path, below)).filter((name) => committedName.test(name));
  if (below === undefined || names.length === 0)
    throw emptyFolder(
      folder,
      "committed/000001.sql, as `graphile-migrate commit` makes it",
      "nothing was committed yet: current.sql is work in progress, and applied nowhere but on the developer's database",
    );
  const numbered = names.map((name) => ({ name, number: committedName.exec(name)![1]! }));
  numbered.sort((a, b) => `${a.number}.sql`.localeCompare(`${b.number}.sql`, "en"));
  const chain: Migration[] = [];
  const placeholders = placeholdersFor(folder.path);
  for (const { name, number } of numbered) {
    const path = below === "" ? name : `${below}/${name}`;
    chain.push(readOne(folder, path, number, chain.at(-1), placeholders));
  }
  return {
    tool: "graphile-migrate",
    path: folder.shown,
    source: `graphile-migrate:${folder.shown}`,
    migrations: chain,
    ledger: graphileMigrateLedger(place),
  };
}

function readOne(
  folder: Folder,
  path: string,
  number: string,
  previous: Migration | undefined,
  placeholders: readonly string[],
): Migration {
  const file = `${folder.shown}/${path}`;
  const { sql, checksum } = readSqlFile(join(folder.path, path), file);
  if (previous?.native["filename"] === `${number}.sql`)
    throw new LockstepError("migration-duplicate-id", {
      what: `two migrations of ${folder.shown} have the same number`,
      expected: "one file for each number",
      found: `${previous.file} and ${file}`,
      from: folder.shown,
      why: "two branches committed a migration, and both were merged",
      next: ["graphile-migrate uncommit, on the branch that was merged last; then commit again"],
    });
  const { headers, body, at } = parse(sql, file);
  const own = headers.get("Hash") ?? "";
  const said = headers.get("Previous") ?? "";
  const expected = previous === undefined ? "-" : String(previous.native["hash"]);
  if (said !== expected) throw brokenChain(file, expected, said, previous);
  const before = said === "-" ? "" : said;
  if (!headers.has("AllowInvalidHash") && hashOf(body, before) !== own)
    throw new LockstepError("migration-edited", {
      what: `${file} was changed after it was committed`,
      expected: `${own}, as its header says`,
      found: hashOf(body, before),
      from: file,
      why: "somebody edited it in place, or a formatter or a line-ending setting rewrote it; graphile-migrate refuses it where it is not applied yet, and does not notice where it is",
      next: [
        `bring the committed version back: git log -p -- ${file}`,
        "write what should change as a new migration",
      ],
    });
  refusePlaceholder(body, file, placeholders);
  return {
    id: number,
    file,
    sql: keepOnly(sql, at, sql.length),
    checksum,
    transaction: "file",
    ...askedOf("graphile-migrate", sql),
    native: { hash: own, previous: before, filename: `${number}.sql` },
  };
}

interface Parsed {
  readonly headers: ReadonlyMap<string, string>;
  /** As it is hashed. */
  readonly body: string;
  /** Where it begins in the file. */
  readonly at: number;
}

function parse(sql: string, file: string): Parsed {
  const lines = sql.split("\n");
  const headers = new Map<string, string>();
  let count = 0;
  for (const line of lines) {
    const header = /^--! ([A-Z][a-zA-Z0-9_]*)(?::(.*))?$/.exec(line);
    if (header === null) break;
    headers.set(header[1]!, header[2]?.trim() ?? "");
    count++;
  }
  if (lines[count] !== "" || !headers.has("Previous") || !headers.has("Hash"))
    throw new LockstepError("migration-unsupported", {
      what: `${file} is not as \`graphile-migrate commit\` writes it`,
      expected: "lines `--! Previous:` and `--! Hash:`, then an empty one",
      found: lines[0] ?? "",
      from: file,
      why: "it was written by hand, or its line ends were rewritten; graphile-migrate refuses it",
      next: ["move what it does into current.sql, and run graphile-migrate commit"],
    });
  const at = lines.slice(0, count).join("\n").length;
  return { headers, body: `${lines.slice(count).join("\n").trim()}\n`, at };
}

function hashOf(body: string, previous: string): string {
  return `sha1:${hash("sha1", `${`${previous}\n${body.trim()}`.trim()}\n`)}`;
}

function brokenChain(
  file: string,
  expected: string,
  found: string,
  previous: Migration | undefined,
): LockstepError {
  return new LockstepError("migration-missing", {
    what: `${file} does not follow ${previous === undefined ? "the beginning" : previous.file}`,
    expected: `--! Previous: ${expected}`,
    found: `--! Previous: ${found}`,
    from: file,
    why: "a file between the two was deleted, or two branches committed a migration each; graphile-migrate refuses the folder",
    next: ["graphile-migrate uncommit, on the branch that was merged last; then commit again"],
  });
}

/** The names that are replaced: two of its own, and those of the nearest `.gmrc`. */
function placeholdersFor(folder: string): readonly string[] {
  const own = [":DATABASE_NAME", ":DATABASE_OWNER"];
  for (let at = folder; ; at = dirname(at)) {
    const text = textOf(join(at, ".gmrc")) ?? textOf(join(at, ".gmrc.js"));
    if (text !== undefined)
      return [...own, ...[...text.matchAll(/"(:[A-Za-z0-9_]+)"\s*:/g)].map(([, name]) => name!)];
    if (dirname(at) === at) return own;
  }
}

function refusePlaceholder(body: string, file: string, names: readonly string[]): void {
  const placeholder = names.find((one) => new RegExp(`${one}\\b`).test(body));
  if (placeholder === undefined) return;
  throw new LockstepError("migration-unsupported", {
    what: `${file} holds a placeholder`,
    expected: "SQL that is run as it stands",
    found: placeholder,
    from: file,
    why: "graphile-migrate puts a value of its configuration in its place, which is not known here",
    next: ["keep running this folder with graphile-migrate"],
  });
}

interface LedgerRow extends Record<string, unknown> {
  readonly hash: string;
  readonly filename: string;
  readonly date: Date;
}

/** graphile-migrate's ledger: a chain of hashes. What failed leaves no trace in it. */
function graphileMigrateLedger(place: LedgerPlace): NativeLedger {
  const ledger = ledgerAt(place, {
    owner: "graphile-migrate",
    schema: "graphile_migrate",
    table: "migrations",
    columns: ["hash", "previous_hash", "filename", "date"],
  });
  const { schema, table } = ledger;
  const name = quoteQualified(schema, table);
  return {
    schema,
    table,
    createSql: createOnceSql(
      name,
      "CREATE SCHEMA IF NOT EXISTS graphile_migrate",
      `CREATE TABLE graphile_migrate.migrations (
      hash text primary key,
      previous_hash text references graphile_migrate.migrations,
      filename text not null,
      date timestamptz not null default now()
    )`,
      `CREATE TABLE IF NOT EXISTS graphile_migrate.current (
      filename text primary key default 'current.sql',
      content text not null,
      date timestamptz not null default now()
    )`,
    ),
    async read(database, migrations) {
      const rows = await readLedgerTable<LedgerRow>(
        database,
        ledger,
        () => `SELECT hash, filename, date FROM ${name} ORDER BY filename`,
      );
      const known = new Map(migrations.map((one) => [one.native["filename"], one]));
      return (rows ?? []).map((row) => {
        const migration = known.get(row.filename);
        return {
          id: migration?.id,
          label: row.filename,
          appliedAt: row.date,
          checksum: row.hash,
          isEdited: migration !== undefined && migration.native["hash"] !== row.hash,
        };
      });
    },
    recordSql: ({ native }) => {
      const previous =
        native["previous"] === "" ? "NULL" : quoteLiteral(String(native["previous"]));
      const values = [
        quoteLiteral(String(native["hash"])),
        previous,
        quoteLiteral(String(native["filename"])),
      ];
      return [`INSERT INTO ${name} (hash, previous_hash, filename) VALUES (${values.join(", ")})`];
    },
    eraseSql: ({ native }) => [
      `DELETE FROM ${name} WHERE filename = ${quoteLiteral(String(native["filename"]))}`,
    ],
  };
}
