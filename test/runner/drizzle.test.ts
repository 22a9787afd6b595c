import { drizzle } from "drizzle-orm/node-postgres";
import { migrate as drizzleMigrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { expect, it } from "vitest";
import { readStatus } from "../../src/runner/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { readMigrations } from "../../src/tools/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ask, run } from "./support.ts";

const entry = (idx: number, tag: string) => ({
  idx,
  version: "7",
  when: 1_700_000_000_000 + idx,
  tag,
  breakpoints: true,
});
const files = {
  "0000_a": "CREATE TABLE a (id int);",
  "0001_b":
    "ALTER TABLE a ADD COLUMN n int;--> statement-breakpoint\nCREATE INDEX CONCURRENTLY a_n ON a (n);",
  "0002_c": "CREATE TABLE c (id int);",
};

it("shares Drizzle's folder and ledger with Drizzle, in both directions", async () => {
  await using scratch = await startScratch();
  const { url } = await scratch.createDatabase();
  using folder = temporaryFolder();
  const generate = (count: number) => {
    const some = Object.entries(files).slice(0, count);
    for (const [tag, sql] of some) folder.write(`${tag}.sql`, sql);
    const entries = some.map(([tag], index) => entry(index, tag));
    const journal = { version: "7", dialect: "postgresql", entries };
    folder.write("meta/_journal.json", JSON.stringify(journal));
  };
  const read = async () => readMigrations({ folder: folder.path });
  const byDrizzle = async () => {
    const client = new pg.Client(url);
    await client.connect();
    await drizzleMigrate(drizzle(client), { migrationsFolder: folder.path });
    await client.end();
  };
  const states = async () =>
    (await readStatus({ url, folder: await read() })).migrations.map(({ state, how }) => [
      state,
      how,
    ]);

  generate(1);
  await byDrizzle();
  expect(await states()).toEqual([["applied", "adopted"]]);
  generate(2);
  const { result } = await run(url, await read());
  expect(result).toMatchObject({ adopted: ["0000_a"], applied: [{ id: "0001_b" }] });

  // Drizzle would fail on the concurrent index, had it anything left to do.
  await byDrizzle();
  expect(await ask(url, "SELECT count(*)::int AS n FROM drizzle.__drizzle_migrations")).toEqual([
    { n: 2 },
  ]);
  generate(3);
  await byDrizzle();
  expect(await states()).toEqual([
    ["applied", "adopted"],
    ["applied", "applied"],
    ["applied", "adopted"],
  ]);
  expect((await run(url, await read())).result).toMatchObject({ adopted: ["0002_c"], applied: [] });
});
