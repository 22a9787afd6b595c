import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { home, migrationsDir } from "../../examples/storefront/home.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { migrateTo, schemas } from "./fixture.ts";

const drizzleKit = join(dirname(createRequire(import.meta.url).resolve("drizzle-kit")), "bin.cjs");
const run = (args: readonly string[], env: Record<string, string> = {}) =>
  promisify(execFile)(process.execPath, [drizzleKit, ...args], {
    cwd: home,
    env: { ...process.env, ...env },
  });

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

it("Drizzle Kit applies the folder, and finds nothing to do after it", async () => {
  const { url } = await scratch.createDatabase();
  await run(["migrate"], { DATABASE_URL: url });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const state = async () =>
    (
      await client.query(
        `SELECT (SELECT count(*)::int FROM drizzle.__drizzle_migrations) AS applied,
                enum_range(NULL::entitlement_kind)::text AS kinds,
                to_regclass('public.orders_confirmed_at_idx') IS NOT NULL AS indexed`,
      )
    ).rows;
  const expected = [{ applied: 3, kinds: "{download,license,bundle}", indexed: true }];
  expect(await state()).toEqual(expected);
  await run(["migrate"], { DATABASE_URL: url });
  expect(await state()).toEqual(expected);
  await client.end();
});

it("each prefix of the history continues with Drizzle's own ledger", async () => {
  const { url } = await scratch.createDatabase();
  await migrateTo(url, schemas.v1);
  await migrateTo(url, schemas.confirmedAtOnly);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await migrate(drizzle(client), { migrationsFolder: migrationsDir });
  const { rows } = await client.query("SELECT created_at FROM drizzle.__drizzle_migrations");
  expect(rows).toHaveLength(3);
  await client.end();
});

it("the history says what the newest schema says: nothing is left to generate", async () => {
  const out = await mkdtemp(join(tmpdir(), "storefront-generate-"));
  await cp(migrationsDir, out, { recursive: true });
  const before = (await readdir(out)).sort();
  await run(["generate", "--dialect=postgresql", "--schema=./schema/v2.ts", `--out=${out}`]);
  expect((await readdir(out)).sort()).toEqual(before);
  // And the first file is release 1, by itself.
  const first = await mkdtemp(join(tmpdir(), "storefront-generate-"));
  await run([
    "generate",
    "--dialect=postgresql",
    "--schema=./schema/v1.ts",
    `--out=${first}`,
    "--name=shop",
  ]);
  expect(await readFile(join(first, "0000_shop.sql"), "utf8")).toBe(
    await readFile(join(migrationsDir, "0000_shop.sql"), "utf8"),
  );
  await Promise.all([out, first].map((folder) => rm(folder, { recursive: true })));
});
