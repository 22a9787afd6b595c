import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diff, introspect, type Catalog } from "../../src/catalog/index.ts";
import { installLedger, plansInFlight, readPlanRow } from "../../src/ledger/index.ts";
import { hashContract, type Contract } from "../../src/contract/index.ts";
import { oldByHeartbeats } from "../../src/phases/evidence/heartbeats.ts";
import { carry, contract, rollback } from "../../src/phases/index.ts";
import { requireProven } from "../../src/phases/start.ts";
import { Session } from "../../src/pg/index.ts";
import { makePlan, readPlans, writePlan } from "../../src/plan/index.ts";
import { readStatus, resolve } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations } from "../../src/tools/index.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";
import { ask, edit, prove } from "./support.ts";

const run = promisify(execFile);
const drizzleKit = join(dirname(createRequire(import.meta.url).resolve("drizzle-kit")), "bin.cjs");

const files = {
  "0000_users":
    "CREATE TABLE users (id integer PRIMARY KEY, full_name text NOT NULL);\n--> statement-breakpoint\nCREATE TABLE orders (id integer PRIMARY KEY, note text);\n--> statement-breakpoint\nINSERT INTO users SELECT n, 'User ' || n FROM generate_series(1, 300) n;",
  "0001_name": "ALTER TABLE users RENAME COLUMN full_name TO name;",
  "0002_orders": "ALTER TABLE orders ADD COLUMN paid boolean;",
  "0003_more": "ALTER TABLE users ADD COLUMN more text;",
};

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

/** A product whose migrations are Drizzle's, with a plan for the second, and a database that has the first. */
async function product(tags: readonly (keyof typeof files)[]): Promise<{
  readonly root: TemporaryFolder;
  readonly url: string;
  readonly request: () => Promise<Parameters<typeof carry>[0]>;
  readonly drizzle: () => Promise<unknown>;
}> {
  const root = temporaryFolder();
  const database = await scratch.createDatabase();
  const { url } = database;
  root.write(
    "drizzle.config.json",
    JSON.stringify({ dialect: "postgresql", out: "./drizzle", dbCredentials: { url } }),
  );
  const write = (some: readonly (keyof typeof files)[]) => {
    const entries = some.map((tag, idx) => ({
      idx,
      version: "7",
      when: 1_795_252_150_650 + idx,
      tag,
      breakpoints: true,
    }));
    root.write(
      "drizzle/meta/_journal.json",
      JSON.stringify({ version: "7", dialect: "postgresql", entries }),
    );
    for (const tag of some) root.write(`drizzle/${tag}.sql`, files[tag]);
  };
  const drizzle = async () =>
    run(process.execPath, [drizzleKit, "migrate", "--config=drizzle.config.json"], {
      cwd: root.path,
    });
  write(["0000_users"]);
  await drizzle();
  write(tags);
  const made = await madePlan(root);
  expect(made).toBeTruthy();
  const request = async () => ({
    url,
    folder: await readMigrations({ folder: "drizzle", cwd: root.path }),
    plans: await readPlans(root.path),
    environment: "test",
    instanceTtlMs: 60_000,
    emit: () => {},
    options: { lockTimeoutMs: 500 },
  });
  return { root, url, request, drizzle };
}

async function madePlan(root: TemporaryFolder): Promise<string> {
  const { migrations } = await readMigrations({ folder: "drizzle", cwd: root.path });
  const migration = migrations[1]!;
  const { url } = await scratch.createDatabase();
  await using session = await Session.open({ url, applicationName: "test" });
  await session.batch(migrations[0]!.sql);
  await session.close();
  const { file, sql, id, checksum } = migration;
  const made = await makePlan({ id: "name", url, major: scratch.major, file, sql });
  const { plan, searchPath, start } = made;
  const folder = writePlan(root.path, plan!, {
    version: 1,
    id: "name",
    migration: { id, file, checksum },
    major: scratch.major,
    searchPath,
    start,
    notes: plan!.notes,
    remains: plan!.remains,
    exemptions: plan!.exemptions,
  });
  await prove(root.path, "name", scratch.major);
  return folder;
}

async function catalogWithoutLedger(url: string): Promise<Catalog> {
  await using session = await Session.open({ url, applicationName: "test" });
  return await introspect(session, { ignore: [{ schema: "drizzle" }] });
}

const rowsOfDrizzle = async (url: string) =>
  (await ask(url, "SELECT count(*)::int AS rows FROM drizzle.__drizzle_migrations"))[0]!["rows"];

describe("a migration with a plan among Drizzle's migrations", () => {
  it("is recorded from the first step on, so that drizzle-kit runs nothing beside it, and to the end", async () => {
    const { root, url, request, drizzle } = await product(["0000_users", "0001_name"]);
    using _root = root;
    const started: string[] = [];
    const result = await carry({
      ...(await request()),
      emit: (event) => {
        if (event.type === "phase.finished") started.push(event.phase);
      },
    });
    expect(result.carried).toEqual([{ plan: "name", phase: "ready" }]);
    expect(started).toEqual(["expand", "backfill"]);
    await drizzle();
    expect(await rowsOfDrizzle(url)).toBe(2);
    expect(await ask(url, "SELECT full_name = name AS same FROM users WHERE id = 300")).toEqual([
      { same: true },
    ]);
    // Nothing is left to do until the contract phase.
    expect((await carry(await request())).carried).toEqual([]);
    const status = await readStatus({ url, folder: (await request()).folder });
    expect(status.migrations.map(({ state, how }) => [state, how])).toEqual([
      ["applied", "adopted"],
      ["applied", "planned"],
    ]);
    const again = { ...(await request()), quietMs: 100 };
    expect(await contract({ ...again, consent: "Ada: no worker is left" })).toMatchObject([
      { plan: "name", phase: "finished", evidence: { consent: { name: "Ada" } } },
    ]);
    await drizzle();
    expect(await rowsOfDrizzle(url)).toBe(2);
    expect(await ask(url, "SELECT name FROM users WHERE id = 300")).toEqual([{ name: "User 300" }]);
    expect(
      await ask(url, "SELECT evidence->'contract'->'consent'->>'reason' AS why FROM lockstep.plan"),
    ).toEqual([{ why: "no worker is left" }]);
    expect(await ask(url, "SELECT outcome, count(*)::int FROM lockstep.run GROUP BY 1")).toEqual([
      { outcome: "succeeded", count: 2 },
    ]);
  });

  it("is pending again after a rollback, for both", async () => {
    const { root, url, request, drizzle } = await product(["0000_users", "0001_name"]);
    using _root = root;
    const before = await catalogWithoutLedger(url);
    await carry(await request());
    const asked = { ...(await request()), quietMs: 0, plan: "name" };
    const settle = { ...asked, migration: "0001_name", as: "rolled-back" } as const;
    const settled = await failureOf(async () => resolve(settle));
    expect([settled.code, settled.what]).toEqual([
      "resolve-refused",
      'plan name carries "0001_name"',
    ]);
    expect(await rollback(asked)).toMatchObject({ phase: "aborted" });
    expect(await diff(before, await catalogWithoutLedger(url), { columnOrder: false })).toEqual([]);
    expect(await rowsOfDrizzle(url)).toBe(1);
    const { migrations } = await readStatus({ url, folder: asked.folder });
    expect(migrations.map(({ state }) => state)).toEqual(["applied", "pending"]);
    await drizzle();
    expect(await ask(url, "SELECT name FROM users WHERE id = 1")).toEqual([{ name: "User 1" }]);
  });

  it("lets what touches nothing of it pass, and has the rest wait with the reason", async () => {
    const { root, url, request } = await product(Object.keys(files) as (keyof typeof files)[]);
    using _root = root;
    const failure = await failureOf(async () => carry(await request()));
    expect(failure.code).toBe("plan-conflict");
    expect(failure.what).toContain("0003_more");
    expect(failure.found).toContain("users");
    await using session = await Session.open({ url, applicationName: "test" });
    expect((await plansInFlight(session)).map(({ id, phase }) => [id, phase])).toEqual([
      ["name", "ready"],
    ]);
    expect(
      await ask(
        url,
        "SELECT id FROM lockstep.migration WHERE how = 'applied' AND source NOT LIKE 'plan:%'",
      ),
    ).toEqual([{ id: "0002_orders" }]);
    await contract({ ...(await request()), quietMs: 0, consent: "Ada: gone" });
    expect((await carry(await request())).applied.map(({ id }) => id)).toEqual(["0003_more"]);
  });

  it("is refused unproven, edited since, or for another start, before anything is changed", async () => {
    const { root, url, request } = await product(["0000_users", "0001_name"]);
    using _root = root;
    const [plan] = await readPlans(root.path);
    edit(root.path, "name", "expand.sql", `${plan!.texts["expand.sql"]}\n-- by hand`);
    const edited = await failureOf(async () => carry(await request()));
    expect([edited.code, edited.found]).toEqual([
      "plan-unproven",
      "a proof of other files: they were edited since",
    ]);
    await prove(root.path, "name", 18);
    const [proven] = await readPlans(root.path);
    const onOther = await failureOf(() => requireProven(proven!, 17));
    expect([onOther.found, onOther.next]).toEqual([
      "a proof on Postgres 18",
      [expect.stringMatching(/^lockstep plan --prove .* --pg 17$/)],
    ]);
    await ask(url, "ALTER TABLE users ADD COLUMN by_hand integer");
    const outdated = await failureOf(async () => carry(await request()));
    expect(outdated.code).toBe("plan-outdated");
    expect(outdated.found).toContain("by_hand");
    await using session = await Session.open({ url, applicationName: "test" });
    expect(await plansInFlight(session)).toEqual([]);
    expect(await rowsOfDrizzle(url)).toBe(1);
  });
});

describe("the contract phase", () => {
  it("T34: waits for evidence that the old release is gone", async () => {
    const { root, url, request } = await product(["0000_users", "0001_name"]);
    using _root = root;
    await using ledger = await Session.open({ url, applicationName: "test" });
    await installLedger(ledger);
    const [old1, new2] = [await store(url, "1", "full_name"), await store(url, "2", "name")];
    await ask(
      url,
      `INSERT INTO lockstep.instance (id, contract_hash, release) VALUES ('a', '${old1}', '1')`,
    );
    await carry(await request());
    const asked = async () => contract({ ...(await request()), quietMs: 50 });
    const beats = await failureOf(asked);
    expect([beats.code, beats.found]).toEqual([
      "release-may-run",
      expect.stringContaining("release 1 (1 instance)"),
    ]);
    await ask(url, "DELETE FROM lockstep.instance");
    expect((await failureOf(asked)).found).toContain("pg_stat_statements is not installed");
    // An instance of the new release speaks for it, where those of the old one were seen too.
    await ask(
      url,
      `INSERT INTO lockstep.instance (id, contract_hash, release) VALUES ('b', '${new2}', '2')`,
    );
    const row = (await readPlanRow(ledger, "name"))!;
    const nothing = { tables: [], columns: [], labels: [] };
    const limit = { environment: "test", ttlMs: 60_000 };
    expect(
      await oldByHeartbeats(ledger, { ...row, beatBefore: false }, nothing, limit),
    ).toMatchObject({ says: "unknown", text: expect.stringContaining("when the plan was begun") });
    // A pool of the old release that lives on, its statements prepared, speaks against it.
    await using old = await Session.open({ url, applicationName: "old pool" });
    await old.query("SELECT id, full_name FROM users WHERE id = $1", [1]);
    const pool = await failureOf(asked);
    expect(pool.found).toContain("old pool");
    await old.close();
    expect(await asked()).toMatchObject([
      { phase: "finished", evidence: { signs: [{ says: "gone" }, {}] } },
    ]);
  });
});

/** As a deploy stores it. */
async function store(url: string, release: string, column: string): Promise<string> {
  const contract = contractOf(release, column);
  await ask(
    url,
    `INSERT INTO lockstep.contract (hash, release, body) VALUES ('${contract.hash}', '${release}', '${JSON.stringify(contract)}')`,
  );
  return contract.hash;
}

function contractOf(release: string, column: string): Contract {
  const more = {
    default: null,
    identity: null,
    generated: null,
    collation: null,
    supplied: false,
    values: null,
  };
  const body = {
    version: 1,
    release,
    hash: "",
    source: "file",
    major: 18,
    tables: [
      {
        schema: "public",
        name: "users",
        unqualified: true,
        access: ["select"],
        rowSecurity: false,
        columns: [{ name: column, type: "text", nullable: false, ...more }],
        unique: [],
        foreignKeys: [],
        checks: [],
        indexes: [],
      },
    ],
    views: [],
    enums: [],
    domains: [],
    composites: [],
    sequences: [],
    env: [],
    checks: [],
  } as const;
  return { ...body, hash: hashContract(body) };
}
