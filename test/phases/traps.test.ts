import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { contract, rollback, runPhase, type CarriedPhase } from "../../src/phases/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { failureOf } from "../support/failure.ts";
import { pgBouncerMissing, startPgBouncer } from "../support/pgbouncer.ts";
import { ask, project, type Project } from "./support.ts";

const base = `
CREATE TABLE person (id integer PRIMARY KEY, full_name text);
INSERT INTO person SELECT n, 'Name ' || n FROM generate_series(1, 200) n;
`;

let scratch: Scratch;
let rename: Project;
beforeAll(async () => {
  scratch = await startScratch({
    major: 18,
    settings: { shared_preload_libraries: "pg_stat_statements" },
  });
  rename = await project(scratch, {
    base,
    naive: "ALTER TABLE person RENAME COLUMN full_name TO name;",
  });
});
afterAll(async () => {
  rename[Symbol.dispose]();
  await scratch.close();
});

async function carried(url: string, ...phases: readonly CarriedPhase[]): Promise<void> {
  for (const phase of phases)
    await runPhase({ url, plan: rename.plan, phase, carries: rename.carries, emit: () => {} });
}

const request = (url: string) => ({
  url,
  folder: rename.migrations,
  plans: [rename.plan],
  plan: "p1",
  environment: "test",
  instanceTtlMs: 60_000,
  quietMs: 300,
  emit: () => {},
});

it("T8: a plan is taken back while the new release writes: what it was told is written is in the old form", async () => {
  const url = await rename.database();
  await carried(url, "expand", "backfill");
  await using writer = await Session.open({ url, applicationName: "new release" });
  const acknowledged = new Map<number, string>();
  let stopped = false;
  const writing = (async () => {
    for (let n = 0; !stopped; n++) {
      const id = 1 + (n % 200);
      try {
        await writer.query("UPDATE person SET name = $2 WHERE id = $1", [id, `new ${n}`]);
        acknowledged.set(id, `new ${n}`);
      } catch (error) {
        // The only way to fail: the column is gone.
        expect((error as { code?: string }).code).toBe("42703");
        return;
      }
    }
  })();
  while (acknowledged.size < 50) await sleep(5);
  await rollback(request(url));
  stopped = true;
  await writing;
  const rows = await ask<{ id: number; full_name: string }>(
    url,
    "SELECT id, full_name FROM person",
  );
  const lost = rows.filter(
    ({ id, full_name: name }) => name !== (acknowledged.get(id) ?? `Name ${id}`),
  );
  expect(lost).toEqual([]);
});

it("T8: a plan is not taken back while an instance of the new release beats", async () => {
  const url = await rename.database();
  await carried(url, "expand", "backfill");
  await ask(
    url,
    "INSERT INTO lockstep.instance (id, contract_hash, release) VALUES ('a', 'new', '2')",
  );
  const failure = await failureOf(async () => rollback(request(url)));
  expect([failure.code, failure.found]).toEqual([
    "release-may-run",
    expect.stringContaining("release 2 (1 instance)"),
  ]);
  expect(await ask(url, "SELECT phase FROM lockstep.plan")).toEqual([{ phase: "ready" }]);
  expect(await rollback({ ...request(url), consent: "Ada: 2 was never let in" })).toMatchObject({
    phase: "aborted",
  });
});

it("T34: pg_stat_statements shows whether anybody still names what goes", async () => {
  const url = await rename.database();
  await ask(url, "CREATE EXTENSION pg_stat_statements");
  await carried(url, "expand", "backfill");
  const refusedBeside = async (sql: string) => {
    let stopped = false;
    const sending = (async () => {
      while (!stopped) {
        // A new session each time: none of them lives long enough to be seen.
        await ask(url, sql);
        await sleep(20);
      }
    })();
    const failure = await failureOf(async () => contract(request(url)));
    stopped = true;
    await sending;
    expect(failure.code).toBe("release-may-run");
    return failure.found;
  };
  expect(await refusedBeside("SELECT full_name FROM person WHERE id = 7")).toContain(
    "SELECT full_name FROM person WHERE id = $1",
  );
  expect(await refusedBeside("SELECT * FROM person WHERE id = 7")).toContain(
    "it takes all columns",
  );
  const track = "DO $$ BEGIN EXECUTE format('ALTER ROLE %I IN DATABASE %I";
  const end = ", session_user, current_database()); END $$";
  await ask(url, `${track} SET pg_stat_statements.track = none'${end}`);
  expect(await refusedBeside("SELECT 1")).toContain("pg_stat_statements.track is none");
  await ask(url, `${track} RESET ALL'${end}`);
  expect(await contract(request(url))).toMatchObject([
    { phase: "finished", evidence: { signs: [{}, {}, { source: "statements", says: "gone" }] } },
  ]);
});

it("T34: prepared statements of the new release live through the contract phase", async () => {
  const url = await rename.database();
  await carried(url, "expand", "backfill");
  await using pool = await Session.open({ url, applicationName: "new pool" });
  await pool.query("PREPARE one AS SELECT id, name FROM person WHERE id = $1");
  await pool.query("PREPARE two AS UPDATE person SET name = $2 WHERE id = $1 RETURNING id, name");
  const both = async () => [
    await pool.query("EXECUTE one (7)"),
    await pool.query("EXECUTE two (7, 'Seven')"),
  ];
  for (let n = 0; n < 6; n++) await both();
  await contract({ ...request(url), consent: "Ada: only 2 is left" });
  expect((await both()).map(({ rows }) => rows)).toEqual([
    [{ id: 7, name: "Seven" }],
    [{ id: 7, name: "Seven" }],
  ]);
});

it.skipIf(pgBouncerMissing !== undefined)(
  "T40: nothing is begun behind a transaction pooler",
  async () => {
    const url = await rename.database();
    await using bouncer = await startPgBouncer({ url, poolMode: "transaction" });
    const failure = await failureOf(async () => carried(bouncer.url, "expand"));
    expect(failure.code).toBe("pooler-transaction-mode");
    expect(await ask(url, "SELECT to_regclass('lockstep.plan') AS made")).toEqual([{ made: null }]);
    // In session mode a session is a session.
    await using proxy = await startPgBouncer({ url, poolMode: "session" });
    await carried(proxy.url, "expand", "backfill", "contract");
    expect(await ask(url, "SELECT name FROM person WHERE id = 7")).toEqual([{ name: "Name 7" }]);
  },
);
