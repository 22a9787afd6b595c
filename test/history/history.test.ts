import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { applyHistory, rolesOf } from "../../src/check/apply.ts";
import { replayHistory, type HistoryRequest } from "../../src/history/index.ts";
import { Session } from "../../src/pg/index.ts";
import { findKept, keepData } from "../../src/scratch/kept.ts";
import { startScratch } from "../../src/scratch/index.ts";
import type { Migration } from "../../src/tools/index.ts";
import { migrationOf } from "./migration-of.ts";

const first = migrationOf("0001", "CREATE TABLE one (id int); CREATE ROLE own;");
const second = migrationOf("0002", "CREATE TABLE two (id int); GRANT SELECT ON two TO app, own;");
const third = migrationOf("0003", "CREATE INDEX CONCURRENTLY two_id ON two (id);");

function request(migrations: readonly Migration[], more: Partial<HistoryRequest> = {}) {
  return {
    manner: "test",
    migrations,
    apply: applyHistory,
    roles: rolesOf,
    major: 18,
    keepAfterMs: 0,
    ...more,
  };
}

/** Names of the tables and indexes of schema public. */
async function relations(url: string): Promise<readonly unknown[]> {
  await using session = await Session.open({ url, applicationName: "test" });
  const rows = await session.queryArrays(
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
  );
  return rows.flat();
}

/** What a replay ran, and what is there afterwards. */
async function replay(migrations: readonly Migration[], more: Partial<HistoryRequest> = {}) {
  await using history = await replayHistory(request(migrations, more));
  return { applied: history.applied, relations: await relations(history.url) };
}

describe("embedded", () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), "lockstep-history-"));
    chmodSync(home, 0o711);
    vi.stubEnv("LOCKSTEP_SCRATCH_HOME", home);
  });
  afterEach(() => {
    for (const name of kept()) rmSync(join(inner(), name), { recursive: true });
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(home, { recursive: true, force: true });
  });
  const inner = () =>
    join(
      home,
      readdirSync(home).find((name) => name.startsWith("lockstep-scratch-"))!,
    );
  const kept = () => readdirSync(inner()).filter((name) => name.startsWith("kept-"));

  it("runs only what no earlier replay has run", async () => {
    expect(await replay([first, second])).toEqual({ applied: 2, relations: ["one", "two"] });
    expect(await replay([first, second])).toEqual({ applied: 0, relations: ["one", "two"] });
    expect(await replay([first, second, third])).toEqual({
      applied: 1,
      relations: ["one", "two", "two_id"],
    });
    const edited = migrationOf("0002", "CREATE TABLE other (id int)");
    expect(await replay([first, edited])).toEqual({ applied: 2, relations: ["one", "other"] });
    expect(kept()).toHaveLength(3);
  });

  it("does not keep what is quickly replayed", async () => {
    expect((await replay([first], { keepAfterMs: 3_600_000 })).applied).toBe(1);
    expect(kept()).toEqual([]);
  });

  it("gives each caller a database of its own, also at the same time", async () => {
    const both = [replay([first, second]), replay([first, second]), replay([first, second])];
    for (const one of await Promise.all(both)) expect(one.relations).toEqual(["one", "two"]);
    await using changed = await replayHistory(request([first, second]));
    await using session = await Session.open({ url: changed.url, applicationName: "test" });
    await session.query("DROP TABLE two");
    expect(await replay([first, second])).toEqual({ applied: 0, relations: ["one", "two"] });
  });

  it("replays when what was kept has lost a file's content", async () => {
    await replay([first, second]);
    const file = readdirSync(join(inner(), kept()[0]!, "data"), { recursive: true })
      .map((name) => join(inner(), kept()[0]!, "data", String(name)))
      .find((path) => path.includes("base") && statSync(path).size > 8_192)!;
    truncateSync(file);
    expect(await replay([first, second])).toEqual({ applied: 2, relations: ["one", "two"] });
  });

  it("replays when what was kept does not start", async () => {
    await replay([first, second]);
    const control = join(inner(), kept()[0]!, "data", "global", "pg_control");
    const { size } = statSync(control);
    truncateSync(control);
    truncateSync(control, size);
    expect(await replay([first, second])).toEqual({ applied: 2, relations: ["one", "two"] });
  });

  it("keeps the eight that were used last", () => {
    const keep = (key: string) => {
      const data = join(home, "data");
      mkdirSync(data);
      writeFileSync(join(data, "file"), key);
      keepData(home, "18", key, { data, password: "secret" });
    };
    const ages = (key: string, seconds: number) =>
      utimesSync(join(home, `kept-18-${key}`), seconds, seconds);
    for (const [age, key] of ["a", "b", "c", "d", "e", "f", "0", "1"].entries()) {
      keep(key);
      ages(key, age + 1);
    }
    expect(findKept(home, "18", "a")).toBe(join(home, "kept-18-a"));
    keep("2");
    expect(findKept(home, "18", "a")).toBeDefined();
    expect(findKept(home, "18", "b")).toBeUndefined();
    expect(findKept(home, "18", "2")).toBeDefined();
    expect(findKept(home, "17", "a")).toBeUndefined();
  });

  it("tells file and line of a migration that does not run", async () => {
    const bad = migrationOf("0002", "SELECT 1;\n\nSELECT * FROM missing;");
    await expect(replayHistory(request([first, bad]))).rejects.toMatchObject({
      code: "scratch-run-failed",
      explanation: { from: "0002.sql:3", found: 'relation "missing" does not exist' },
    });
    expect(kept()).toEqual([]);
  });
});

describe("a server given by URL", () => {
  it("keeps template databases, and takes roles back that none depends on", async () => {
    await using server = await startScratch({ major: 15 });
    const more = { url: server.url, major: 15 };
    const plain = migrationOf("0001", "CREATE TABLE one (id int)");
    const passing = migrationOf(
      "0002",
      "CREATE TABLE two (id int); ALTER TABLE two OWNER TO app; DROP TABLE two",
    );
    const lasting = migrationOf(
      "0003",
      "CREATE TABLE two (id int); GRANT SELECT ON two TO lasting",
    );
    expect(await replay([plain, passing], more)).toEqual({ applied: 2, relations: ["one"] });
    expect(await replay([plain, passing], more)).toEqual({ applied: 0, relations: ["one"] });
    expect((await replay([plain, passing, lasting], more)).applied).toBe(1);
    await using session = await Session.open({ url: server.url, applicationName: "test" });
    const databases = await session.queryArrays(
      "SELECT left(datname, 17) FROM pg_database WHERE datname LIKE 'lockstep%'",
    );
    expect(databases.flat()).toEqual(["lockstep_history_", "lockstep_history_"]);
    const roles = await session.queryArrays(
      "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1",
    );
    expect(roles.flat()).toEqual(["lasting", "postgres"]);
  });

  it("is safe for several at once, and bounded", async () => {
    await using server = await startScratch();
    const more = { url: server.url };
    const plain = [migrationOf("0001", "CREATE TABLE one (id int)")];
    const all = await Promise.all([1, 2, 3].map(async () => replay(plain, more)));
    for (const one of all) expect(one.relations).toEqual(["one"]);
    for (let number = 0; number < 9; number++)
      await replay([migrationOf(`${number}`, "SELECT 1")], more);
    await using session = await Session.open({ url: server.url, applicationName: "test" });
    const [[count]] = (await session.queryArrays(
      "SELECT count(*)::int FROM pg_database WHERE datname LIKE 'lockstep%'",
    )) as [[number]];
    expect(count).toBe(8);
    expect((await replay(plain, more)).applied).toBe(1);
  });
});
