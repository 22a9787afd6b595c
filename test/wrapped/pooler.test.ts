import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import type { GivenRunOptions } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations } from "../../src/tools/index.ts";
import { targetVariables } from "../../src/wrapped/environment.ts";
import { runWrapped } from "../../src/wrapped/index.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/folder.ts";
import { pgBouncerMissing, startPgBouncer } from "../support/pgbouncer.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

async function runThrough(
  poolMode: "session" | "transaction",
  options: GivenRunOptions,
  /** A session that keeps others from changing the table. */
  isHeld: boolean,
) {
  using folder = temporaryFolder({
    "m/1_nick.js": 'exports.sql = "ALTER TABLE users ADD COLUMN nick text";\n',
  });
  symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));
  const { url: direct } = await scratch.createDatabase();
  await using session = await Session.open({ url: direct, applicationName: "test" });
  await session.batch("CREATE TABLE users (id bigint PRIMARY KEY)");
  if (isHeld) await session.batch("BEGIN; LOCK TABLE users IN ACCESS SHARE MODE");
  await using pooler = await startPgBouncer({ url: direct, poolMode });
  const notices: string[] = [];
  const command = [process.execPath, resolve("test/wrapped/tool.cjs")];
  const request = {
    url: pooler.url,
    folder: await readMigrations({ folder: "m", tool: "knex", cwd: folder.path }),
    command,
    shown: "tool",
    cwd: folder.path,
    root: folder.path,
    env: { PATH: process.env["PATH"] },
    urlVariables: [],
    recorded: async () => undefined,
    emit: (event: Parameters<Parameters<typeof runWrapped>[0]["emit"]>[0]) => {
      if (event.type === "notice") notices.push(event.message);
    },
    options,
  };
  const run = async () => runWrapped(request);
  return { done: await run().catch((error: unknown) => error), notices };
}

describe.skipIf(pgBouncerMissing !== undefined)("through PgBouncer", () => {
  it("is refused in transaction mode, where neither lock nor settings hold; the command is not run", async () => {
    const { done } = await runThrough("transaction", {}, false);
    expect(await failureOf(() => Promise.reject(done as Error))).toMatchObject({
      code: "pooler-transaction-mode",
    });
  });

  it("goes on without settings in session mode, and says so", async () => {
    const { done, notices } = await runThrough("session", {}, false);
    expect(done).toMatchObject({ applied: [{ id: "1_nick.js" }], isGuarded: false });
    expect(notices.join("\n")).toContain("takes no settings for the command's sessions");
  });

  it("ends a wait for a lock there all the same, by the name of the session", async () => {
    const { done } = await runThrough("session", { lockTimeoutMs: 200, attempts: 1 }, true);
    expect(await failureOf(() => Promise.reject(done as Error))).toMatchObject({
      code: "lock-timeout",
    });
  });
});

it("passes TLS on to what connects by PG* variables", () => {
  const variables = targetVariables(
    {
      url: "postgres://me@db.example.com/shop?sslmode=verify-full&sslrootcert=/etc/ca.pem",
      names: [],
    },
    { name: "lockstep", options: "-c lock_timeout=3000" },
    { PGSSLMODE: "prefer" },
  );
  expect(variables).toMatchObject({
    PGHOST: "db.example.com",
    PGSSLMODE: "verify-full",
    PGSSLROOTCERT: "/etc/ca.pem",
  });
  expect(variables["DATABASE_URL"]).toContain("sslmode=verify-full");
});

it("names the target in what a project's own configuration reads, and leaves other databases theirs", () => {
  const variables = targetVariables(
    { url: "postgres://me:secret@db.example.com:6432/shop", names: ["SHOP_URL"] },
    { name: "lockstep", options: "-c lock_timeout=3000" },
    {
      DB_HOST: "localhost",
      DB_PASSWORD: "other",
      PGHOSTADDR: "10.0.0.1",
      PGSERVICE: "other",
      PGPASSFILE: "/etc/pgpass",
      SHOP_URL: "postgresql+psycopg://you@localhost/shop",
      DIRECT_URL: "postgresql://owner@db.example.com:6432/shop",
      JAVA_URL: "jdbc:postgresql://db.example.com:6432/shop",
      REPORTS_URL: "postgres://me@localhost/reports",
    },
  );
  expect(variables).toMatchObject({
    DB_HOST: "db.example.com",
    DATABASE_HOST: "db.example.com",
    POSTGRES_PORT: "6432",
    DB_USERNAME: "me",
    DB_PASSWORD: "secret",
    TYPEORM_DATABASE: "shop",
    PGPASSFILE: "/etc/pgpass",
    SHOP_URL: "postgresql+psycopg://me:secret@db.example.com:6432/shop",
    JAVA_URL: "jdbc:postgresql://db.example.com:6432/shop",
    REPORTS_URL: "postgres://me@localhost/reports",
    DATABASE_URL: "postgres://me:secret@db.example.com:6432/shop?options=-c%20lock_timeout%3D3000",
    DIRECT_URL: "postgresql://owner@db.example.com:6432/shop?options=-c%20lock_timeout%3D3000",
    PGOPTIONS: "-c lock_timeout=3000",
  });
  expect(variables).not.toHaveProperty("PGHOSTADDR");
  expect(variables).not.toHaveProperty("PGSERVICE");
});
