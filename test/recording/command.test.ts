import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { recordFolder } from "../../src/recording/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations, type LedgerPlace, type MigrationFolder } from "../../src/tools/index.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";

let scratch: Scratch;

beforeAll(async () => {
  scratch = await startScratch();
});

afterAll(async () => {
  await scratch.close();
});

async function recorded(folder: TemporaryFolder, ledger: LedgerPlace): Promise<MigrationFolder> {
  symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));
  return recordFolder({
    folder: await readMigrations({
      folder: ".",
      tool: "command",
      command: "node run.cjs",
      ledger,
      cwd: folder.path,
    }),
    cwd: folder.path,
    env: { PATH: process.env["PATH"] },
    urlVariables: [],
    scratch: { url: scratch.url },
  });
}

/** A program that sends these statements. */
function program(statements: readonly (string | readonly [string, readonly string[]])[]): string {
  return `const { Client } = require("pg");
(async () => {
  const client = new Client(process.env.DATABASE_URL);
  await client.connect();
  for (const one of ${JSON.stringify(statements)}) await client.query(...[one].flat(1));
  await client.end();
})();
`;
}

it("names a migration by several columns, and finds its file in a folder of that name", async () => {
  const note = "INSERT INTO django_migrations (app, name, applied) VALUES ($1, $2, now())";
  using folder = temporaryFolder({
    "run.cjs": program([
      "CREATE TABLE django_migrations (id serial, app text, name text, applied timestamptz)",
      "CREATE TABLE auth_user (id int)",
      [note, ["auth", "0001_initial"]],
      "BEGIN",
      "CREATE TABLE shop_order (id int)",
      [note, ["shop", "0001_initial"]],
      "COMMIT",
      ["INSERT INTO auth_user VALUES ($1)", ["1"]],
    ]),
    "shop/migrations/0001_initial.py": "class Migration:\n    operations = []\n",
    "blog/migrations/0001_initial.py": "",
  });
  const { migrations, ledger } = await recorded(folder, { table: "django_migrations" });
  expect(migrations.map(({ id, file, sql, sends }) => [id, file, sql, sends])).toEqual([
    ["auth.0001_initial", "auth.0001_initial", "CREATE TABLE auth_user (id int);", "statement"],
    [
      "shop.0001_initial",
      "shop/migrations/0001_initial.py",
      "\nCREATE TABLE shop_order (id int);",
      "file",
    ],
  ]);
  expect(() => ledger!.recordSql(migrations[0]!, "marked")).toThrow("does not write into");
});

it("reads a ledger that has only the newest", async () => {
  using folder = temporaryFolder({
    "run.cjs": program([
      "BEGIN",
      "CREATE TABLE alembic_version (version_num text)",
      "CREATE TABLE a (id int)",
      "INSERT INTO alembic_version (version_num) VALUES ('aa11') RETURNING version_num",
      "CREATE TABLE b (id int)",
      "UPDATE alembic_version SET version_num = 'bb22' WHERE version_num = 'aa11'",
      "COMMIT",
    ]),
    "versions/aa11_first.py": "def upgrade():\n    pass\n",
    "versions/bb22_second.py": "def upgrade():\n    pass\n",
  });
  const { migrations, ledger } = await recorded(folder, { table: "alembic_version" });
  expect(migrations.map(({ id, file, sends }) => [id, file, sends])).toEqual([
    ["aa11", "versions/aa11_first.py", "deploy"],
    ["bb22", "versions/bb22_second.py", "deploy"],
  ]);
  const { url } = await scratch.createDatabase();
  await using session = await Session.open({ url, applicationName: "test" });
  const applied = async () =>
    (await ledger!.read(session, migrations)).map(({ id, label }) => [id, label]);
  expect(await applied()).toEqual([]);
  await session.batch("CREATE TABLE alembic_version (version_num text)");
  expect(await applied()).toEqual([]);
  await session.batch("INSERT INTO alembic_version VALUES ('bb22')");
  expect(await applied()).toEqual([
    ["aa11", "aa11"],
    ["bb22", "bb22"],
  ]);
  await session.batch("UPDATE alembic_version SET version_num = 'elsewhere'");
  expect(await applied()).toEqual([[undefined, "elsewhere"]]);
});

it("is an error where the ledger has another name than was said", async () => {
  using folder = temporaryFolder({ "run.cjs": program(["CREATE TABLE a (id int)"]) });
  expect(
    await failureOf(async () => recorded(folder, { table: "t", column: "name" })),
  ).toMatchObject({
    code: "recording-failed",
    what: "node run.cjs has noted no migration in public.t of an empty scratch database",
  });
  expect(
    (await failureOf(async () => readMigrations({ folder: ".", tool: "command", cwd: "." }))).code,
  ).toBe("config-invalid");
});
