import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";

let server: Scratch;
let folder: TemporaryFolder;
beforeAll(async () => {
  server = await startScratch();
  folder = temporaryFolder(files);
  symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));
});
afterAll(async () => {
  folder[Symbol.dispose]();
  await server.close();
});

/** A tool in a few lines, with the ledger of Umzug's: its database stands in variables of its own, where they are set. */
const tool = `const { readdirSync } = require("node:fs");
const { Client } = require("pg");
const { DB_HOST: host, DB_PORT: port, DB_USER: user, DB_PASSWORD: password, DB_NAME: database } = process.env;
const [, , way] = process.argv;
(async () => {
  const client = new Client(host ? { host, port: Number(port), user, password, database } : { connectionString: process.env.DATABASE_URL });
  await client.connect();
  await client.query('CREATE TABLE IF NOT EXISTS "SequelizeMeta" (name varchar(255) NOT NULL PRIMARY KEY)');
  const { rows } = await client.query('SELECT name FROM "SequelizeMeta" ORDER BY name');
  const done = rows.map(({ name }) => name);
  const run = async (name, note) => {
    await client.query("BEGIN");
    await client.query(require("./m/" + name)[way]);
    await client.query(note, [name]);
    await client.query("COMMIT");
  };
  if (way === "up") for (const name of readdirSync("m").sort().filter((one) => !done.includes(one)))
    await run(name, 'INSERT INTO "SequelizeMeta" (name) VALUES ($1)');
  else await run(done.at(-1), 'DELETE FROM "SequelizeMeta" WHERE name = $1');
  if (process.env.CUT && !process.env.LOCKSTEP_RECORDING_PORT)
    await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ $1", [process.env.CUT]);
  await client.end();
})().catch((error) => { console.error(error.message); process.exit(1); });
`;

const files = {
  "tool.cjs": tool,
  ...Object.fromEntries(
    ["a", "b", "c"].map((table) => [
      `m/${table}.js`,
      `module.exports = { up: "CREATE TABLE ${table} (id int)", down: "DROP TABLE ${table}" };\n`,
    ]),
  ),
  "lockstep.config.json": JSON.stringify({
    migrations: { folder: "m", tool: "umzug", command: "node tool.cjs up" },
    scratch: { urlEnv: "SCRATCH_URL" },
  }),
};

async function lockstep(url: string, argv: readonly string[], env: Record<string, string> = {}) {
  const [words, own] =
    argv[0] === "rollback" ? [argv, ["--", "node", "tool.cjs", "down"]] : [argv, []];
  const result = await runCli([...words, "--url", url, ...own], {
    cwd: folder.path,
    env: { HOME: process.env["HOME"], SCRATCH_URL: server.url, ...env },
  });
  return { ...result, stderr: result.stderr.replaceAll(/\s+/g, " ") };
}

/** A database that has all three. */
async function migrated(): Promise<{ readonly url: string; readonly session: Session }> {
  const { url } = await server.createDatabase();
  const { exitCode, stderr } = await lockstep(url, ["migrate"]);
  expect(exitCode, stderr).toBe(0);
  return { url, session: await Session.open({ url, applicationName: "test" }) };
}

async function tablesOf(session: Session): Promise<string> {
  const { rows } = await session.query<{ tables: string }>(
    "SELECT string_agg(relname, '' ORDER BY relname) AS tables FROM pg_class WHERE relname ~ '^[abc]$'",
  );
  return rows[0]!.tables;
}

it("of two at once one takes the last migration back, and the other none", async () => {
  const { url, session } = await migrated();
  await using _ = session;
  const both = await Promise.all(
    ["rollback", "rollback"].map(async (word) => lockstep(url, [word])),
  );
  const told = both.map(({ stderr }) => stderr).join("\n");
  expect(
    both.map(({ exitCode }) => exitCode).toSorted((one, other) => one - other),
    told,
  ).toEqual([0, 1]);
  expect(told).toContain("error[rollback-refused]: c.js is not applied");
  expect(await tablesOf(session)).toBe("ab");
}, 180_000);

it("comes to the database that is meant, whatever the project's own variables name", async () => {
  const { url, session } = await migrated();
  await using _ = session;
  const other = await migrated();
  await using otherSession = other.session;
  const { hostname, port, username, password, pathname } = new URL(other.url);
  const taken = await lockstep(url, ["rollback", "--json"], {
    DB_HOST: hostname,
    DB_PORT: port,
    DB_USER: username,
    DB_PASSWORD: password,
    DB_NAME: pathname.slice(1),
  });
  expect(await tablesOf(otherSession)).toBe("abc");
  expect(taken, taken.stderr).toMatchObject({ exitCode: 0 });
  expect(await tablesOf(session)).toBe("ab");
}, 180_000);

it("says what is taken back when it was cut off, and what is safe to run then", async () => {
  const { url, session } = await migrated();
  await using _ = session;
  // The session that looks, but not the one that holds the lock: what was done is noted all the same.
  expect(await lockstep(url, ["rollback"], { CUT: "^lockstep/rollback$" })).toMatchObject({
    exitCode: 0,
  });
  const { rows } = await session.query(
    "SELECT detail->>'migration' AS migration FROM lockstep.run WHERE command = 'rollback'",
  );
  expect(rows).toEqual([{ migration: "c.js" }]);
  const cut = await lockstep(url, ["rollback"], { CUT: "^lockstep" });
  expect(cut.exitCode, cut.stderr).toBe(3);
  expect(cut.stderr).toContain("b.js has no row in umzug's ledger any more");
  expect(cut.stderr).toContain("next lockstep resolve b.js --as rolled-back");
  expect(cut.stderr).not.toContain("same command again");
  expect((await lockstep(url, ["rollback"])).stderr).toContain(
    "error[rollback-refused]: b.js has no row",
  );
  expect(await tablesOf(session)).toBe("a");
  expect(await lockstep(url, ["resolve", "b.js", "--as", "rolled-back"])).toMatchObject({
    exitCode: 0,
  });
  // As a way back without a transaction leaves it that was killed before it took its row.
  await session.batch("DROP TABLE a");
  const half = await lockstep(url, ["rollback"]);
  expect(half.exitCode, half.stderr).toBe(3);
  expect(half.stderr).toContain("found public.a: already as the way back leaves it");
  expect(half.stderr).toContain("then lockstep resolve a.js --as rolled-back");
}, 180_000);
