import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch, type ScratchDatabase } from "../../src/scratch/index.ts";
import type { BaselineReport } from "../../src/report/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";
import { folderAt, tryHistory } from "./histories.ts";

let server: Scratch;
beforeAll(async () => {
  server = await startScratch();
});
afterAll(() => server.close());

const migrations = {
  "1_orgs": `CREATE TYPE plan AS ENUM ('free', 'paid');
    CREATE TABLE orgs (id bigint PRIMARY KEY, name text NOT NULL, plan plan NOT NULL DEFAULT 'free', seats integer DEFAULT 1)`,
  "2_users": `CREATE TABLE users (id bigint PRIMARY KEY, org bigint NOT NULL REFERENCES orgs, email text NOT NULL, nick text);
    CREATE INDEX users_org ON users (org)`,
  "3_fill": "UPDATE users SET nick = email WHERE nick IS NULL",
  "4_orders": `CREATE TABLE orders (id bigint PRIMARY KEY, by_user bigint REFERENCES users, total integer CHECK (total >= 0), note text)`,
  "5_state": "ALTER TABLE orders ADD COLUMN state text NOT NULL DEFAULT 'new'",
  "6_fill_state": "UPDATE orders SET state = 'paid' WHERE total = 0",
  "7_archive": "CREATE TABLE archive (id bigint PRIMARY KEY, body text)",
};

function project(): TemporaryFolder {
  const files = Object.entries(migrations).map(([name, sql]) => [
    `prisma/migrations/2024010100000${name}/migration.sql`,
    sql,
  ]);
  return temporaryFolder({
    "prisma/migrations/migration_lock.toml": 'provider = "postgresql"\n',
    ...Object.fromEntries(files),
  });
}

/** A database that has the first migrations and no ledger. */
async function databaseWith(amount: number, byHand = ""): Promise<ScratchDatabase> {
  const database = await server.createDatabase();
  await using session = await Session.open({ url: database.url, applicationName: "test" });
  const sql = Object.values(migrations).slice(0, amount);
  await session.batch([...sql, byHand].filter((text) => text !== "").join(";\n"));
  return database;
}

async function baseline(folder: TemporaryFolder, url: string, ...more: readonly string[]) {
  const args = ["--folder", "prisma/migrations", "--scratch-url", server.url, "--url", url];
  const { stdout, exitCode } = await runCli(["baseline", "--json", ...args, ...more], {
    cwd: folder.path,
  });
  return { exitCode, report: JSON.parse(stdout) as BaselineReport };
}

const states = ({ migrations: list }: BaselineReport) =>
  list.map(({ id, state }) => `${id.slice(13)} ${state}`);

it("finds what a database has, says what cannot be seen, marks what is proven, and the tool's ledger is as its own", async () => {
  using folder = project();
  const database = await databaseWith(6);
  const { exitCode, report } = await baseline(folder, database.url);
  expect(exitCode).toBe(0);
  expect(report.prefix).toMatchObject({ length: 5, distance: 0, unseen: 1 });
  expect(states(report)).toEqual([
    "1_orgs mark",
    "2_users mark",
    "3_fill mark",
    "4_orders mark",
    "5_state mark",
    "6_fill_state unseen",
    "7_archive pending",
  ]);
  expect(report.migrations[2]!.proof).toBe("by-order");
  expect(report.remains).toEqual([]);
  const ledgers = async () => {
    await using session = await Session.open({ url: database.url, applicationName: "test" });
    const { rows } = await session.query<{ there: boolean }>(
      "SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there",
    );
    if (rows[0]?.there !== true) return undefined;
    const { rows: own } = await session.query(
      "SELECT migration_name, finished_at IS NOT NULL AS finished FROM _prisma_migrations ORDER BY 1",
    );
    return own;
  };
  // A look writes nothing.
  expect(await ledgers()).toBeUndefined();
  const assumed = "20240101000006_fill_state";
  const applied = await baseline(folder, database.url, "--apply", "--assume", assumed);
  expect(applied.report.marked?.marked).toHaveLength(6);
  expect(await ledgers()).toHaveLength(6);
  const status = await runCli(
    ["status", "--json", "--no-drift", "--folder", "prisma/migrations", "--url", database.url],
    { cwd: folder.path },
  );
  const { folder: listed } = JSON.parse(status.stdout) as {
    readonly folder: { readonly migrations: readonly { readonly state: string }[] };
  };
  expect(listed.migrations.map(({ state }) => state)).toEqual([
    ...Array.from({ length: 6 }, () => "applied"),
    "pending",
  ]);
  // Marked once more, nothing is left to mark.
  const again = await baseline(folder, database.url, "--apply");
  expect(again.report.marked?.marked).toEqual([]);
  await database.drop();
});

it("names what was changed by hand, and writes SQL that takes it back", async () => {
  using folder = project();
  const database = await databaseWith(
    5,
    "DROP INDEX users_org; ALTER TABLE users ADD hotfix int; ALTER TABLE orgs ALTER seats TYPE bigint; ALTER TABLE orders ALTER state DROP DEFAULT",
  );
  const { exitCode, report } = await baseline(folder, database.url, "--write-reconcile", "fix.sql");
  expect(exitCode).toBe(1);
  expect(report.prefix).toMatchObject({ length: 5, distance: 4 });
  expect(report.remains.map(({ object, done }) => `${object} ${done}`).toSorted()).toEqual([
    "public.orders.state changed",
    "public.orgs.seats changed",
    "public.users.hotfix added",
    "public.users_org dropped",
  ]);
  expect(report.reconcileFile).toBe("fix.sql");
  await using session = await Session.open({ url: database.url, applicationName: "test" });
  await session.batch(readFileSync(join(folder.path, "fix.sql"), "utf8"));
  await session.batch("ALTER TABLE users DROP hotfix");
  const after = await baseline(folder, database.url);
  expect(after.report.prefix).toMatchObject({ length: 5, distance: 0 });
  expect(after.exitCode).toBe(0);
});

it("does not overwrite a file, and refuses a name that is no migration", async () => {
  using folder = project();
  const database = await databaseWith(4, "DROP INDEX users_org");
  folder.write("there.sql", "-- mine\n");
  const written = await baseline(folder, database.url, "--write-reconcile", "there.sql");
  expect(written.exitCode).toBe(2);
  expect(readFileSync(join(folder.path, "there.sql"), "utf8")).toBe("-- mine\n");
  const below = await baseline(folder, database.url, "--write-reconcile", "there.sql/fix.sql");
  expect(below.exitCode).toBe(2);
  expect(JSON.stringify(below.report)).toContain('"file-unwritable"');
  const assumed = await baseline(folder, database.url, "--assume", "9_nothing");
  expect(assumed.exitCode).toBe(2);
  await database.drop();
});

it("finds the prefix of a history with each kind of change by hand", async () => {
  using folder = project();
  const results = await tryHistory({
    folder: await folderAt(`${folder.path}/prisma/migrations`),
    scratch: server,
    scratchUrl: server.url,
    places: 1,
    each: 9,
    seed: 2,
    env: process.env,
    tell: () => {},
  });
  expect(results.filter(({ isRight }) => !isRight)).toEqual([]);
  expect(new Set(results.map(({ perturbation }) => perturbation.kind)).size).toBeGreaterThan(5);
});
