import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { Product, unwrapped, v2 } from "./product.ts";

/** The server of the target, and one that a user has lent for scratch, with a database and a role of their own. */
let target: Scratch;
let given: Scratch;
const theirs = ["CREATE DATABASE precious", "CREATE ROLE keeper LOGIN"];

beforeAll(async () => {
  [target, given] = await Promise.all([startScratch(), startScratch()]);
  for (const { url } of [target, given]) for (const sql of theirs) await run(url, sql);
});
afterAll(async () => {
  await target.close();
  await given.close();
});

async function run(url: string, sql: string): Promise<readonly unknown[][]> {
  await using session = await Session.open({ url, applicationName: "test" });
  return await session.queryArrays(sql);
}

/** What of a user's server a replay must leave alone. */
async function left(): Promise<readonly unknown[] | undefined> {
  const [row] = await run(
    given.url,
    `SELECT (SELECT count(*)::int FROM pg_database WHERE datname = 'precious'),
            (SELECT rolcanlogin FROM pg_roles WHERE rolname = 'keeper'),
            (SELECT count(*)::int FROM pg_roles WHERE rolname IN ('app', 'web')),
            (SELECT count(*)::int FROM pg_file_settings WHERE name = 'work_mem'),
            (SELECT count(*)::int FROM pg_database WHERE datname LIKE 'lockstep%')`,
  );
  return row;
}

it("a deploy replays no statement there that reaches beyond its database", async () => {
  await using product = await Product.make(target, { contract: v2 });
  const marker = join(tmpdir(), `lockstep-marker-${process.pid}`);
  onTestFinished(() => rmSync(marker, { force: true }));
  product.scratchUrl = given.url;
  product.write({
    migrations: {
      "0003_drop.sql": "-- lockstep: no-transaction\nDROP DATABASE precious;",
      "0004_system.sql": "-- lockstep: no-transaction\nALTER SYSTEM SET work_mem = '9MB';",
      "0005_roles.sql": `CREATE ROLE app LOGIN; ALTER ROLE keeper NOLOGIN; GRANT SELECT ON orders TO app;
        DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'web') THEN CREATE ROLE web LOGIN; END IF; END $$;
        COPY orders TO PROGRAM 'cat >> ${marker}; echo ran >> ${marker}';`,
    },
  });
  const deployed = await product.run(["deploy", "--release", "v2"]);
  expect([deployed.exitCode, deployed.stdout]).toEqual([0, expect.stringContaining("deployed")]);
  expect(await left()).toEqual([1, true, 0, 0, 0]);
  expect(lines(marker)).toEqual(["ran"]);
  const status = await product.run(["status"]);
  expect(status.stdout).toContain("no drift");
  expect(await left()).toEqual([1, true, 0, 0, 0]);

  // Nor is a program started on this machine where the server is Lockstep's own.
  product.scratchUrl = undefined;
  expect((await product.run(["status"])).exitCode).toBe(status.exitCode);
  expect(lines(marker)).toEqual(["ran"]);
});

it("code that ends sessions is refused there, with the way out", async () => {
  await using product = await Product.make(target);
  product.scratchUrl = given.url;
  product.write({
    migrations: {
      "0003_kick.sql":
        "DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bystander'; END $$;",
    },
  });
  await using bystander = await Session.open({ url: given.url, applicationName: "bystander" });
  const { exitCode, stderr } = await product.run(["deploy", "--release", "v2"]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("error[scratch-run-failed]");
  expect(stderr).toContain("0003_kick.sql:1");
  expect(unwrapped(stderr)).toContain("leave --scratch-url out");
  expect(await bystander.queryArrays("SELECT 1")).toEqual([[1]]);
});

function lines(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}
