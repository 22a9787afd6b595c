import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { recordFolder } from "../../src/recording/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations, type MigrationFolder } from "../../src/tools/index.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";

/** A project of Knex's, with the real one installed. */
function project(files: Readonly<Record<string, string>>): TemporaryFolder {
  const folder = temporaryFolder({
    "package.json": '{ "dependencies": { "knex": "3.3.0" } }',
    "knexfile.js":
      'module.exports = { client: "pg", connection: process.env.DATABASE_URL, migrations: { directory: "./m" } };',
    ...files,
  });
  symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));
  return folder;
}

let scratch: Scratch;

beforeAll(async () => {
  scratch = await startScratch();
});

afterAll(async () => {
  await scratch.close();
});

async function recorded(folder: TemporaryFolder): Promise<MigrationFolder> {
  return recordFolder({
    folder: await readMigrations({ folder: "m", tool: "knex", cwd: folder.path }),
    cwd: folder.path,
    env: process.env,
    urlVariables: [],
    scratch: { url: scratch.url },
  });
}

it("is what the real tool sends, by migration, on the lines of the program that it comes from", async () => {
  using folder = project({
    "m/1_users.js": `exports.up = async (knex) => {
  await knex.schema.createTable("users", (t) => {
    t.increments("id");
    t.string("email");
  });
  // lockstep: ignore writes-in-schema-change because it is one row
  await knex("users").insert({ email: "it's \\\\ me" });
};
exports.down = async (knex) => knex.schema.dropTable("users");
`,
    "m/2_index.js": `exports.config = { transaction: false };
exports.up = async (knex) => {
  await knex.raw("CREATE INDEX CONCURRENTLY users_email ON users (email)");
};
exports.down = async () => {};
`,
    "m/3_both.js": `exports.config = { transaction: false };
exports.up = async (knex) => {
  await knex.schema.alterTable("users", (t) => t.string("nick"));
  await knex.transaction(async (trx) => {
    await trx("users").update({ nick: "x" });
    await trx.raw("SAVEPOINT s");
    await trx.raw("DROP TABLE missing").catch(async () => trx.raw("ROLLBACK TO s"));
  });
};
exports.down = async () => {};
`,
    "m/4_nothing.js": "exports.up = async () => {};\nexports.down = async () => {};\n",
  });
  const { migrations, tool } = await recorded(folder);
  expect(tool).toBe("knex");
  expect(
    migrations.map(({ id, file, sends, transaction }) => [id, file, sends, transaction]),
  ).toEqual([
    ["1_users.js", "m/1_users.js", undefined, "file"],
    ["2_index.js", "m/2_index.js", "statement", "statement"],
    ["3_both.js", "m/3_both.js", "statement", "statement"],
    ["4_nothing.js", "m/4_nothing.js", undefined, "file"],
  ]);
  expect(migrations.map(({ sql }) => sql)).toEqual([
    `
create table "users" ("id" serial primary key, "email" varchar(255));



-- lockstep: ignore writes-in-schema-change because it is one row
insert into "users" ("email") values ( E'it''s \\\\ me');`,
    `

CREATE INDEX CONCURRENTLY users_email ON users (email);`,
    `

alter table "users" add column "nick" varchar(255);

BEGIN; update "users" set "nick" = 'x'; COMMIT;`,
    "",
  ]);
});

it("is kept for the next time, by the bytes of the files", async () => {
  using folder = project({
    "m/1_a.js":
      "exports.up = async (knex) => knex.raw(\"SELECT 1 AS a FROM pg_catalog.set_config('x.y', '1', false)\");\nexports.down = () => {};\n",
  });
  const first = await recorded(folder);
  folder.write("knexfile.js", "module.exports = {};");
  expect((await failureOf(async () => recorded(folder))).code).toBe("recording-failed");
  folder.write(
    "knexfile.js",
    'module.exports = { client: "pg", connection: process.env.DATABASE_URL, migrations: { directory: "./m" } };',
  );
  expect((await recorded(folder)).migrations).toEqual(first.migrations);
});

it("reaches no database but scratch", async () => {
  using folder = project({
    "knexfile.js":
      'module.exports = { client: "pg", connection: "postgres://u:secret@127.0.0.1:5432/dev", migrations: { directory: "./m" } };',
    "m/1_a.js": "exports.up = async () => {};\nexports.down = () => {};\n",
  });
  const failure = await failureOf(async () => recorded(folder));
  expect(failure).toMatchObject({
    code: "recording-failed",
    what: "npx knex migrate:latest did not connect to the scratch database",
  });
  expect(failure.found).toContain("it tried to reach 127.0.0.1:5432, which was refused");
});

it("fails where a migration does, with what the server said", async () => {
  using folder = project({
    "m/1_a.js":
      'exports.up = (knex) => knex.raw("CREATE TABLE a (id int)");\nexports.down = () => {};\n',
    "m/2_b.js":
      'exports.up = (knex) => knex.raw("DROP TABLE missing");\nexports.down = () => {};\n',
  });
  const failure = await failureOf(async () => recorded(folder));
  expect(failure).toMatchObject({ code: "recording-failed", from: "m/2_b.js" });
  expect(failure.found).toContain('table "missing" does not exist, at: DROP TABLE missing');
});

it("is told which environment takes its database from a variable, and where that one's ledger is", async () => {
  using folder = project({
    "knexfile.js": `module.exports = {
  development: { client: "pg", connection: { database: "auth", user: "postgres", password: "password" } },
  production: {
    client: "pg",
    connection: process.env.AUTH_DATABASE_URL,
    migrations: { directory: "./m", tableName: "auth_migrations" },
  },
};`,
    "m/1_a.js":
      'exports.up = (knex) => knex.raw("CREATE TABLE a (id int)");\nexports.down = () => {};\n',
  });
  const listed = await readMigrations({ folder: "m", tool: "knex", cwd: folder.path });
  expect(listed.program!.command).toEqual(["npx", "knex", "migrate:latest", "--env", "production"]);
  const { ledger, migrations } = await recordFolder({
    folder: listed,
    cwd: folder.path,
    env: process.env,
    urlVariables: ["AUTH_DATABASE_URL"],
    scratch: { url: scratch.url },
  });
  expect(ledger!.table).toBe("auth_migrations");
  expect(migrations.map(({ sql }) => sql)).toEqual(["CREATE TABLE a (id int);"]);
});
