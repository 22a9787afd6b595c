import { chmodSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";
import { pgBouncerMissing, startPgBouncer } from "../support/pgbouncer.ts";
import { startStandby } from "../support/standby.ts";
import { runCli, type CliResult } from "./run-cli.ts";
import { stateOf } from "./untouched.ts";

let server: TemporaryFolder;
let checkout: TemporaryFolder;
let scratch: Scratch;

beforeAll(async () => {
  server = temporaryFolder({
    "pg_hba.conf": [
      "host all postgres,shop,visitor 127.0.0.1/32 scram-sha-256",
      "hostssl all needs_tls 127.0.0.1/32 scram-sha-256",
      "",
    ].join("\n"),
  });
  chmodSync(server.path, 0o755);
  scratch = await startScratch({ settings: { hba_file: join(server.path, "pg_hba.conf") } });
  await using session = await Session.open({ url: scratch.url, applicationName: "test" });
  await session.batch(
    "CREATE ROLE shop LOGIN PASSWORD 'right'; CREATE ROLE visitor LOGIN PASSWORD 'right'; CREATE ROLE needs_tls LOGIN PASSWORD 'right'",
  );
  checkout = temporaryFolder({
    "migrations/0001_shop.sql": "CREATE TABLE orders (id int PRIMARY KEY);\n",
    "contract.json": '{ "tables": { "orders": { "columns": { "id": "integer" } } } }',
    "lockstep.config.json": JSON.stringify({
      migrations: { folder: "migrations" },
      contract: { file: "contract.json" },
      environments: { production: { urlEnv: "DATABASE_URL" } },
      deploy: { command: "touch deployed" },
    }),
  });
});

afterAll(async () => {
  await scratch.close();
  server[Symbol.dispose]();
  checkout[Symbol.dispose]();
});

const urlWith = (changes: Partial<URL>) => Object.assign(new URL(scratch.url), changes).toString();

async function run(command: readonly string[], url: string): Promise<CliResult> {
  const tries = !["migrate", "blockers"].includes(command[0]!);
  return runCli([...command, ...(tries ? ["--scratch-url", scratch.url] : [])], {
    cwd: checkout.path,
    env: { DATABASE_URL: url },
  });
}

/** The slots of an error as they are printed. */
function slotsOf(stderr: string): readonly string[] {
  return stderr.split("\n").flatMap((line) => /^ {2}([a-z]+) {2,}\S/.exec(line)?.[1] ?? []);
}

/** Every command that connects, and what each says about a connection that cannot be had. */
const commands = [
  ["migrate"],
  ["status"],
  ["gate"],
  ["deploy"],
  ["resolve", "0001_shop", "--as", "applied"],
  ["blockers"],
];

const failures: readonly (readonly [string, () => string, string])[] = [
  ["an unreachable server", () => urlWith({ port: "1" }), "connection-refused"],
  [
    "a wrong password",
    () => urlWith({ username: "shop", password: "wr0ng-p4ss" }),
    "authentication-failed",
  ],
  ["TLS required", () => urlWith({ username: "needs_tls", password: "right" }), "tls-required"],
  ["TLS not offered", () => urlWith({ search: "?sslmode=require" }), "tls-required"],
  ["a database that is not there", () => urlWith({ pathname: "/shpo" }), "database-missing"],
  ["a URL that is none", () => "postgres://shop:pa/ss@db/x", "usage"],
];

describe.each(failures)("%s", (_, url, code) => {
  it.each(commands.map((command) => [command[0]!, command]))(
    "is explained by %s",
    async (_, command) => {
      const { exitCode, stdout, stderr } = await run(command, url());
      expect(exitCode).toBe(2);
      expect(stdout).toBe("");
      expect(stderr).toContain(`error[${code}]: `);
      expect(slotsOf(stderr)).toEqual(expect.arrayContaining(["expected", "found", "why", "next"]));
      expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
      expect(stderr).not.toMatch(/wr0ng-p4ss|pa\/ss/);
    },
  );
});

describe("a read-only database", () => {
  it("by setting is refused by what writes, and read by what reads", async () => {
    const { url } = await scratch.createDatabase();
    const name = new URL(url).pathname.slice(1);
    await using admin = await Session.open({ url: scratch.url, applicationName: "test" });
    await admin.query(`ALTER DATABASE "${name}" SET default_transaction_read_only = on`);
    const before = await stateOf(url);
    for (const command of [["migrate"], ["deploy"], ["resolve", "0001_shop", "--as", "applied"]]) {
      const { exitCode, stderr } = await run(command, url);
      expect([command[0], exitCode]).toEqual([command[0], 2]);
      expect(stderr).toContain("error[database-read-only]");
    }
    expect((await run(["status"], url)).stdout).toContain("pending  0001_shop");
    expect((await run(["gate"], url)).exitCode).toBe(1);
    expect((await run(["blockers"], url)).exitCode).toBe(0);
    expect(await stateOf(url)).toBe(before);
  });

  it("by nature, a standby, likewise", async () => {
    await using standby = await startStandby(async (url) => {
      expect((await run(["migrate"], url)).exitCode).toBe(0);
    });
    for (const command of [
      ["migrate", "--folder", "more"],
      ["deploy", "--folder", "more"],
    ]) {
      checkout.write("more/0001_shop.sql", "CREATE TABLE orders (id int PRIMARY KEY);\n");
      checkout.write("more/0002_more.sql", "CREATE TABLE more (id int);\n");
      const { exitCode, stderr } = await run(command, standby.url);
      expect([command[0], exitCode]).toEqual([command[0], 2]);
      expect(stderr).toContain("error[database-read-only]");
      expect(stderr).toContain("standby");
    }
    expect((await run(["migrate"], standby.url)).stdout).toBe(
      "nothing to do: every migration is applied\n",
    );
    expect(await run(["gate"], standby.url)).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await run(["status"], standby.url)).stdout).toContain("applied  0001_shop");
  });
});

it.skipIf(pgBouncerMissing !== undefined)(
  "a transaction pooler is read through, and nothing stays on its connections",
  async () => {
    const { url } = await scratch.createDatabase();
    expect((await run(["migrate"], url)).exitCode).toBe(0);
    await using pooler = await startPgBouncer({ url, poolMode: "transaction", poolSize: 1 });
    expect((await run(["gate"], pooler.url)).exitCode).toBe(0);
    expect((await run(["status"], pooler.url)).exitCode).toBe(0);
    expect((await run(["blockers"], pooler.url)).exitCode).toBe(0);
    expect((await run(["deploy"], pooler.url)).exitCode).toBe(2);
    await using session = await Session.open({ url: pooler.url, applicationName: "test" });
    const { rows } = await session.query(
      "SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement, current_setting('idle_session_timeout') AS idle",
    );
    expect(rows).toEqual([{ lock: "0", statement: "0", idle: "0" }]);
  },
);

it("a role without rights is told which, and nothing is changed", async () => {
  const { url } = await scratch.createDatabase();
  const before = await stateOf(url);
  const visitor = new URL(url);
  visitor.username = "visitor";
  visitor.password = "right";
  for (const command of [["migrate"], ["deploy"], ["gate", "--record"]]) {
    const { exitCode, stderr } = await run(command, visitor.toString());
    expect([command[0], exitCode, stderr]).toEqual([
      command[0],
      2,
      expect.stringContaining("error[privilege-missing]"),
    ]);
    expect(stderr).toContain("GRANT");
  }
  expect(await stateOf(url)).toBe(before);
});
