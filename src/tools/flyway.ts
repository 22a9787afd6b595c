import { readdirSync, readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { LockstepError } from "../errors/index.ts";
import { quoteLiteral } from "../sql/index.ts";
import { emptyFolder, type Folder } from "./folder.ts";
import { flywayVersion } from "./layouts.ts";
import { createOnceSql, ledgerOnPath, readLedgerTable, type LedgerPlace } from "./ledger-table.ts";
import type { AppliedMigration, Migration, MigrationFolder, NativeLedger } from "./migration.ts";
import { sentAs } from "./senders.ts";
import { readSqlFile, requireRegularFile } from "./sql-file.ts";

/**
 * A folder of Flyway's, with the folders below it: `V1.2__name.sql` by version. A file is one transaction, unless
 * `V1.2__name.sql.conf` beside it says `executeInTransaction=false`.
 *
 * What Flyway runs more than once or in place of others is refused, for this version would run it once and in its place:
 * repeatable migrations (`R__`), baselines (`B1__`), callbacks (`beforeMigrate.sql`), placeholders (`${name}`).
 *
 * @throws LockstepError `folder-empty`, `migration-duplicate-id`, `migration-unsupported`, and what `readSqlFile` throws
 */
export function readFlywayFolder(folder: Folder, place: LedgerPlace): MigrationFolder {
  const scripts = scriptsIn(folder.path, "");
  const versioned = scripts.flatMap((script) => versionedScript(script, folder));
  if (versioned.length === 0)
    throw emptyFolder(
      folder,
      "files of SQL as Flyway names them, e.g. V1__add_users.sql",
      "another folder was meant, or the files were not copied into the image",
    );
  versioned.sort((a, b) => compareVersions(a.version, b.version));
  for (const [index, next] of versioned.entries()) {
    const previous = versioned[index - 1];
    if (previous !== undefined && compareVersions(previous.version, next.version) === 0)
      throw sameVersion(folder, previous, next);
  }
  const migrations = versioned.map((one) => readOne(one, folder));
  return {
    tool: "flyway",
    path: folder.shown,
    source: `flyway:${folder.shown}`,
    migrations,
    ledger: flywayLedger(place),
  };
}

interface Script {
  /** From the folder, with `/`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
}

/** Paths of all files of SQL below a folder, in byte order. */
function scriptsIn(root: string, below: string): readonly string[] {
  const entries = readdirSync(join(root, below), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) return scriptsIn(root, path);
    if (!/\.sql$/i.test(entry.name) || entry.name.startsWith(".")) return [];
    requireRegularFile(entry, join(root, path), path);
    return [path];
  });
}

function versionedScript(path: string, folder: Folder): readonly Script[] {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const version = flywayVersion(name);
  const description = /^V[\d._]+?__(.*)\.sql$/.exec(name)?.[1];
  if (version !== undefined && description !== undefined)
    return [{ path, name, version: version.replaceAll("_", "."), description }];
  // What takes back is run by `flyway undo` alone.
  if (/^U\d+(?:[._]\d+)*__.*\.sql$/.test(name)) return [];
  throw new LockstepError("migration-unsupported", {
    what: `${folder.shown}/${path} is a file of Flyway's that this version does not run`,
    expected: "V1__add_users.sql",
    found: name,
    from: `${folder.shown}/${path}`,
    why: whyNot(name),
    next: [
      "keep running this folder with Flyway",
      "or write what it does as versioned migrations, and move it out of the folder",
    ],
  });
}

function whyNot(name: string): string {
  if (name.startsWith("R__"))
    return "Flyway runs a repeatable migration again whenever its text changes; here a migration is run once";
  if (/^B\d/.test(name))
    return "Flyway runs a baseline in place of all migrations before it, on a database without any";
  if (/^(?:before|after|createSchema)/.test(name))
    return "Flyway runs such a file at a moment of every run; left out, the migrations may not mean the same";
  return "Flyway passes over such a file without a word: what is in it reaches no database";
}

function sameVersion(folder: Folder, first: Script, second: Script): LockstepError {
  return new LockstepError("migration-duplicate-id", {
    what: `two migrations of ${folder.shown} have the same version`,
    expected: "one file for each version; Flyway refuses two",
    found: `${first.path} and ${second.path}`,
    from: folder.shown,
    why: "two branches took the same next number, and both were merged",
    next: ["rename the one that no environment has applied yet (lockstep status shows what is)"],
  });
}

function readOne({ path, name, version, description }: Script, folder: Folder): Migration {
  const file = `${folder.shown}/${path}`;
  const absolute = join(folder.path, path);
  const read = readSqlFile(absolute, file);
  const settings = scriptSettings(`${absolute}.conf`, `${file}.conf`);
  const placeholder = /\$\{[^}]*\}/.exec(read.sql)?.[0];
  if (placeholder !== undefined && settings.get("placeholderreplacement") !== "false")
    throw new LockstepError("migration-unsupported", {
      what: `${file} holds a placeholder`,
      expected: "SQL that is run as it stands",
      found: placeholder,
      from: file,
      why: "Flyway puts a value of its configuration in its place, which is not known here",
      next: [
        "write the value itself",
        `or, where it is meant as it stands: placeholderReplacement=false in ${name}.conf`,
      ],
    });
  const isAlone = settings.get("executeintransaction") === "false";
  return {
    id: name.replace(/\.sql$/, ""),
    file,
    ...read,
    transaction: "file",
    ...(isAlone ? sentAs("statement") : {}),
    native: { version, description: description.replaceAll("_", " "), script: path },
  };
}

/** What Flyway lets a file of settings beside a script say, and this version understands. */
const known = new Set(["executeintransaction", "placeholderreplacement"]);

function scriptSettings(path: string, shown: string): ReadonlyMap<string, string> {
  if (!existsSync(path)) return new Map();
  const lines = readFileSync(path, "utf8").split(/\r?\n/);
  const settings = new Map(
    lines
      .filter((line) => /^\s*[^#\s]/.test(line))
      .map((line): [string, string] => {
        const [key = "", value = ""] = line.split("=", 2);
        return [
          key
            .trim()
            .replace(/^flyway\./, "")
            .toLowerCase(),
          value.trim().toLowerCase(),
        ];
      }),
  );
  const other = [...settings.keys()].find((key) => !known.has(key));
  if (other === undefined) return settings;
  throw new LockstepError("migration-unsupported", {
    what: `${shown} says something that this version does not do`,
    expected: "executeInTransaction or placeholderReplacement",
    found: other,
    from: shown,
    why: "Flyway would run the file in another way than it stands",
    next: ["keep running this folder with Flyway, or take the line out"],
  });
}

/** Numbers of any length, part by part; `1.0` is `1`. */
function compareVersions(one: string, other: string): number {
  const [a, b] = [one.split("."), other.split(".")];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = BigInt(a[at] ?? "0") - BigInt(b[at] ?? "0");
    if (difference !== 0n) return difference < 0n ? -1 : 1;
  }
  return 0;
}

interface LedgerRow extends Record<string, unknown> {
  readonly version: string;
  readonly type: string;
  readonly checksum: number | null;
  readonly installed_on: Date;
  readonly success: boolean;
}

/**
 * Flyway's schema history. The newest row of a version counts. On Postgres a migration that failed leaves no row, with a
 * transaction or without (seen with 11.8); but a row whose `success` is false stops every command until `flyway repair`.
 */
function flywayLedger(place: LedgerPlace): NativeLedger {
  const ledger = ledgerOnPath(place, {
    owner: "Flyway",
    table: "flyway_schema_history",
    columns: ["installed_rank", "version", "description", "type", "script", "checksum", "success"],
  });
  const { name, schema, table } = ledger;
  const insert = (migration: Migration, success: boolean) => {
    const { version, description, script } = migration.native;
    const values = [
      `(SELECT COALESCE(max(installed_rank), 0) + 1 FROM ${name})`,
      quoteLiteral(String(version)),
      quoteLiteral(String(description)),
      "'SQL'",
      quoteLiteral(String(script)),
      String(checksumOf(migration)),
      "current_user",
      "0",
      String(success),
    ];
    return `INSERT INTO ${name} (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success) SELECT ${values.join(", ")}`;
  };
  const failed = ({ native }: Migration) =>
    `version = ${quoteLiteral(String(native["version"]))} AND NOT success`;
  const removeFailed = (migration: Migration) => `DELETE FROM ${name} WHERE ${failed(migration)}`;
  return {
    schema,
    table,
    createSql: createOnceSql(
      name,
      `CREATE TABLE ${name} (
    "installed_rank" INT NOT NULL,
    "version" VARCHAR(50),
    "description" VARCHAR(200) NOT NULL,
    "type" VARCHAR(20) NOT NULL,
    "script" VARCHAR(1000) NOT NULL,
    "checksum" INTEGER,
    "installed_by" VARCHAR(100) NOT NULL,
    "installed_on" TIMESTAMP NOT NULL DEFAULT now(),
    "execution_time" INTEGER NOT NULL,
    "success" BOOLEAN NOT NULL
)`,
      `ALTER TABLE ${name} ADD CONSTRAINT "${table}_pk" PRIMARY KEY ("installed_rank")`,
      `CREATE INDEX "${table}_s_idx" ON ${name} ("success")`,
    ),
    async read(database, migrations) {
      // installed_on is without time zone, in that of Flyway's session; this session's is the best that is known of it.
      const rows = await readLedgerTable<LedgerRow>(
        database,
        ledger,
        () =>
          `SELECT version, type, checksum, installed_on, success FROM (SELECT DISTINCT ON (version) installed_rank, version, type, checksum, installed_on::timestamptz AS installed_on, success FROM ${name} WHERE version IS NOT NULL ORDER BY version, installed_rank DESC) AS newest ORDER BY installed_rank`,
      );
      return (rows ?? []).flatMap((row) => rowsOf(row, migrations));
    },
    beginSql: (migration) => [
      `${insert(migration, false)} WHERE NOT EXISTS (SELECT FROM ${name} WHERE ${failed(migration)})`,
    ],
    recordSql: (migration) => [removeFailed(migration), insert(migration, true)],
    eraseSql: (migration) => [
      `DELETE FROM ${name} WHERE version = ${quoteLiteral(String(migration.native["version"]))}`,
    ],
  };
}

function rowsOf(row: LedgerRow, migrations: readonly Migration[]): readonly AppliedMigration[] {
  const { version, type, success, installed_on: appliedAt } = row;
  // Taken back by `undo`, or given up by `repair`.
  if (type === "DELETE" || type.startsWith("UNDO")) return [];
  if (type === "BASELINE" || type === "SQL_BASELINE")
    return migrations
      .filter(({ native }) => compareVersions(String(native["version"]), version) <= 0)
      .map(({ id }) => ({
        id,
        label: id,
        appliedAt,
        checksum: undefined,
        isEdited: false,
        isPassed: true,
      }));
  const migration = migrations.find(
    ({ native }) => compareVersions(String(native["version"]), version) === 0,
  );
  const checksum = row.checksum === null ? undefined : String(row.checksum);
  return [
    {
      id: migration?.id,
      label: `version ${version}`,
      appliedAt,
      checksum,
      isEdited:
        migration !== undefined &&
        checksum !== undefined &&
        checksum !== String(checksumOf(migration)),
      ...(success
        ? {}
        : {
            unfinished: {
              found: `version ${version}, success false`,
              effect: "Flyway itself refuses to go on until `flyway repair`",
              reason: undefined,
            },
          }),
    },
  ];
}

/** CRC-32 of the lines without their ends, as a signed number (org.flywaydb.core.internal.resolver.ChecksumCalculator). */
function checksumOf({ sql }: Migration): number {
  return crc32(sql.replaceAll(/\r\n|\r|\n/g, "")) | 0;
}
