import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitFor, type LockstepEvent } from "../../src/events/index.ts";
import { Session } from "../../src/pg/index.ts";
import type { GivenRunOptions } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations, type MigrationFolder } from "../../src/tools/index.ts";
import { runWrapped } from "../../src/wrapped/index.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";

let scratch: Scratch;

beforeAll(async () => {
  scratch = await startScratch();
});

afterAll(async () => {
  await scratch.close();
});

const first = { "m/1_users.js": 'exports.sql = "CREATE TABLE users (id bigint PRIMARY KEY)";\n' };
const second = { "m/2_nick.js": 'exports.sql = "ALTER TABLE users ADD COLUMN nick text";\n' };

/** A project, and a database for it. */
class Project implements AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly url: string;
  readonly session: Session;
  readonly notices: string[] = [];

  private constructor(folder: TemporaryFolder, url: string, session: Session) {
    this.folder = folder;
    this.url = url;
    this.session = session;
  }

  static async open(files: Readonly<Record<string, string>>): Promise<Project> {
    const folder = temporaryFolder(files);
    symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));
    const { url } = await scratch.createDatabase();
    return new Project(folder, url, await Session.open({ url, applicationName: "test" }));
  }

  async run(
    words: readonly string[] = [],
    more: {
      options?: GivenRunOptions;
      signal?: AbortSignal;
      recorded?: () => Promise<MigrationFolder | undefined>;
      onEvent?: (event: LockstepEvent) => void;
    } = {},
  ) {
    const { recorded = async () => undefined, options, signal, onEvent } = more;
    return runWrapped({
      url: this.url,
      folder: await readMigrations({ folder: "m", tool: "knex", cwd: this.folder.path }),
      command: [process.execPath, resolve("test/wrapped/tool.cjs"), ...words],
      shown: ["tool", ...words].join(" "),
      cwd: this.folder.path,
      root: this.folder.path,
      env: { PATH: process.env["PATH"] },
      urlVariables: [],
      recorded,
      emit: emitFor("run", (event) => {
        if (event.type === "notice") this.notices.push(event.message);
        onEvent?.(event);
      }),
      signal,
      options,
    });
  }

  async rows(sql: string): Promise<readonly unknown[]> {
    return (await this.session.query(sql)).rows.map((row) => Object.values(row)[0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
    this.folder[Symbol.dispose]();
  }
}

const ours = "SELECT id || ' ' || how FROM lockstep.migration ORDER BY id";
const outcomes = "SELECT outcome FROM lockstep.run ORDER BY started_at";

it("applies what is pending by the command, records it, and does not run it for nothing", async () => {
  await using project = await Project.open({ ...first, ...second });
  const done = await project.run();
  expect(done).toMatchObject({
    applied: [
      { id: "1_users.js", file: "m/1_users.js" },
      { id: "2_nick.js", file: "m/2_nick.js" },
    ],
    ended: "exit code 0",
    attempts: 1,
  });
  expect(await project.rows(ours)).toEqual(["1_users.js applied", "2_nick.js applied"]);
  expect(await project.rows("SELECT detail - 'fingerprint' FROM lockstep.run")).toEqual([
    { wrapped: "tool", ended: "exit code 0", attempts: 1 },
  ]);
  expect(await project.run(["exit-1"])).toMatchObject({ applied: [], ended: undefined });
});

it("takes over what the tool has applied alone, and refuses a file that was edited since", async () => {
  await using project = await Project.open(first);
  await project.run();
  await project.session.query("DROP SCHEMA lockstep CASCADE");
  expect(await project.run()).toMatchObject({ adopted: ["1_users.js"], ended: undefined });
  expect(await project.rows(ours)).toEqual(["1_users.js adopted"]);
  project.folder.write("m/1_users.js", "exports.sql = '';\n");
  expect((await failureOf(async () => project.run())).code).toBe("migration-edited");
});

it("believes the database and not the exit code", async () => {
  await using project = await Project.open(first);
  expect(await failureOf(async () => project.run(["nothing"]))).toMatchObject({
    code: "command-did-nothing",
    exitCode: 2,
    found:
      'exit code 0; 0 of 1 migrations are in public.knex_migrations now; "1_users.js" is not; ledger and catalog are as they were before',
  });
  expect(await project.run(["exit-1"])).toMatchObject({ ended: "exit code 1", attempts: 1 });
  expect(project.notices.join("\n")).toContain(
    "the command ended with exit code 1, and everything that was pending is applied: that counts",
  );
  expect(await project.rows(outcomes)).toEqual(["failed", "succeeded"]);
});

it("tells what is applied when the command stops half-way, and goes on behind it", async () => {
  await using project = await Project.open({
    ...first,
    "m/2_nick.js": 'exports.sql = "ALTER TABLE missing ADD COLUMN nick text";\n',
  });
  expect(await failureOf(async () => project.run())).toMatchObject({
    code: "command-incomplete",
    exitCode: 3,
    from: "m/2_nick.js",
  });
  expect(await project.rows(ours)).toEqual(["1_users.js applied"]);
  expect(await failureOf(async () => project.run())).toMatchObject({
    code: "command-failed",
    exitCode: 2,
  });
  project.folder.write("m/2_nick.js", second["m/2_nick.js"]);
  expect((await project.run()).applied.map(({ id }) => id)).toEqual(["2_nick.js"]);
});

it("gives way to other sessions, and is run again", async () => {
  await using project = await Project.open(first);
  await project.run();
  project.folder.write("m/2_nick.js", second["m/2_nick.js"]);
  await using other = await Session.open({ url: project.url, applicationName: "reader" });
  await other.batch("BEGIN; SELECT FROM users");
  const done = await project.run([], {
    options: { lockTimeoutMs: 300 },
    onEvent: (event) => {
      if (event.type === "notice" && event.message.includes("gave way")) void other.batch("COMMIT");
    },
  });
  expect(done).toMatchObject({ ended: "exit code 0" });
  expect(done.attempts).toBeGreaterThan(1);
});

it("says who is in the way while the command waits, and knows its sessions by what it gave them", async () => {
  await using project = await Project.open(first);
  await project.run();
  project.folder.write("m/2_nick.js", second["m/2_nick.js"]);
  await using other = await Session.open({ url: project.url, applicationName: "reader" });
  await other.batch("BEGIN; SELECT FROM users");
  const done = await project.run([], {
    options: { lockTimeoutMs: 60_000 },
    onEvent: (event) => {
      if (event.type === "notice" && event.message.includes("in its way: backend"))
        void other.batch("COMMIT");
    },
  });
  expect(done).toMatchObject({ attempts: 1, isGuarded: true });
});

it("ends a wait that the tool's own settings would let go on, and says who was in the way", async () => {
  await using project = await Project.open(first);
  await project.run();
  project.folder.write(
    "m/2_nick.js",
    `exports.settings = "SET lock_timeout = 0";\n${second["m/2_nick.js"]}`,
  );
  await using other = await Session.open({ url: project.url, applicationName: "reader" });
  await other.batch("BEGIN; SELECT FROM users");
  const failure = await failureOf(async () =>
    project.run([], { options: { lockTimeoutMs: 300, attempts: 1 } }),
  );
  expect(failure).toMatchObject({ code: "lock-timeout", exitCode: 3 });
  expect(failure.why).toContain("(reader), idle in transaction");
});

it("is not run again where a migration may have left rows", async () => {
  await using project = await Project.open(first);
  await project.run();
  project.folder.write(
    "m/2_nick.js",
    `exports.config = { transaction: false };\n${second["m/2_nick.js"]}`,
  );
  await using other = await Session.open({ url: project.url, applicationName: "reader" });
  await other.batch("BEGIN; SELECT FROM users");
  const failure = await failureOf(async () =>
    project.run(["own-name"], { options: { lockTimeoutMs: 300 } }),
  );
  expect(failure).toMatchObject({ code: "lock-timeout" });
  expect(failure.next?.[0]).toContain("it is not run again by itself");
});

it("refuses where the tool itself would, and where it would run an applied migration again", async () => {
  await using project = await Project.open(first);
  await project.session.batch(
    "CREATE TABLE knex_migrations_lock (index serial, is_locked int); INSERT INTO knex_migrations_lock (is_locked) VALUES (1)",
  );
  expect(await failureOf(async () => project.run())).toMatchObject({
    code: "migration-unresolved",
    what: "Knex's own lock is taken",
  });
  await project.session.query("UPDATE knex_migrations_lock SET is_locked = 0");
  await project.run();
  await project.session.query("DELETE FROM knex_migrations");
  expect(await failureOf(async () => project.run())).toMatchObject({
    code: "migration-unresolved",
    what: 'the two ledgers disagree on "1_users.js"',
  });
});

it("passes a stop on, and tells what became of it", async () => {
  await using project = await Project.open(first);
  const stop = new AbortController();
  const running = project.run(["sleep"], { signal: stop.signal });
  await expect
    .poll(
      async () =>
        project.rows(
          "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
        ),
      { timeout: 50_000 },
    )
    .toEqual([1]);
  stop.abort();
  const failure = await failureOf(async () => running);
  expect(failure).toMatchObject({ code: "run-cancelled", exitCode: 3 });
  expect(failure.found).toContain("0 applied and recorded, 1 still pending");
  expect(
    await project.rows(
      "SELECT 1 FROM pg_stat_activity WHERE application_name ~ '^lockstep/[0-9a-f]{8}$'",
    ),
  ).toEqual([]);
  expect(await project.rows(outcomes)).toEqual(["stopped"]);
});

it("finds what the ledger says and the catalog does not show", async () => {
  await using project = await Project.open({
    "m/1_users.js": 'exports.sql = "SELECT 1";\n',
  });
  const listed = await readMigrations({ folder: "m", tool: "knex", cwd: project.folder.path });
  const { id, file, checksum } = listed.migrations[0]!;
  const sql = "CREATE TABLE users (id bigint);\nALTER TABLE users ADD COLUMN nick text;";
  const one = { id, file, checksum, sql, transaction: "file", native: {}, recorded: "x" } as const;
  const failure = await failureOf(async () =>
    project.run([], { recorded: async () => ({ ...listed, migrations: [one] }) }),
  );
  expect(failure).toMatchObject({ code: "postcondition-failed", exitCode: 3 });
  expect(failure.found).toContain("m/1_users.js:2");
});
