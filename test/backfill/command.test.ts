import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBackfill } from "../../src/backfill/index.ts";
import { installLedger } from "../../src/ledger/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { ndjson, runCli } from "../cli/run-cli.ts";

let scratch: Scratch;
let cwd: string;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
  cwd = mkdtempSync(join(tmpdir(), "lockstep-"));
});
afterAll(async () => {
  rmSync(cwd, { recursive: true });
  await scratch.close();
});

/** What is not under test: the machine's other work. */
const calm = ["--ignore", "latency", "--ignore", "sessions", "--ignore", "wal"];

async function begun(set: string, rows = 1_000, id = "p1/1") {
  const { url } = await scratch.createDatabase();
  const session = await Session.open({ url, applicationName: "set-up" });
  await session.query(
    "CREATE TABLE t (k integer PRIMARY KEY, filled integer NOT NULL DEFAULT 0, v text, n integer)",
  );
  await session.query(`INSERT INTO t SELECT n, 0, n FROM generate_series(1, ${rows}) n`);
  await session.query("ANALYZE t");
  await installLedger(session);
  await openBackfill(session, { id, table: '"public"."t"', set, todo: "t.filled = 0" });
  const backfill = (argv: readonly string[], more: Partial<Parameters<typeof runCli>[1]> = {}) =>
    runCli(["backfill", ...argv, "--url", url], { cwd, ...more });
  return { session, backfill };
}

it("says that there is none, with and without a ledger", async () => {
  const { url } = await scratch.createDatabase();
  const argv = ["backfill", "status", "--url", url];
  expect(await runCli(argv, { cwd })).toMatchObject({
    exitCode: 0,
    stdout: "no backfill was ever begun here\n",
  });
  const { stdout, exitCode } = await runCli([...argv, "p9/1", "--json"], { cwd });
  expect([exitCode, JSON.parse(stdout)]).toMatchObject([
    2,
    { error: { code: "backfill-missing" } },
  ]);
  expect(await runCli(["backfill", "run", "--url", url], { cwd })).toMatchObject({
    exitCode: 0,
    stdout: "nothing to do: every backfill is done\n",
  });
});

it("runs what was begun, and shows that it is done", async () => {
  const { session, backfill } = await begun("filled = 1");
  await using _ = session;
  const before = await backfill(["status"]);
  expect(before.exitCode).toBe(0);
  expect(before.stdout).toBe(
    `p1/1  "public"."t"  running
  ░░░░░░░░░░░░░░░░░░░░░░░░   0 %  0 of about 1,000 rows passed, 0 changed
  pace      nobody works on it: lockstep backfill run
`,
  );
  const { exitCode, stdout } = await backfill(["run", ...calm, "--format", "ndjson"]);
  expect(exitCode).toBe(0);
  const lines = ndjson(stdout);
  expect(lines.map(({ type }) => type)).toEqual(
    expect.arrayContaining(["backfill.started", "backfill.finished", "result"]),
  );
  expect(lines.at(-1)).toMatchObject({
    version: 1,
    backfills: [{ id: "p1/1", outcome: "done", passed: 1_000, changed: 1_000 }],
  });
  expect((await backfill(["status", "p1/1"])).stdout).toBe(
    'p1/1  "public"."t"  done\n  1,000 rows passed, 1,000 changed\n',
  );
  expect((await backfill(["run"])).stdout).toBe("nothing to do: every backfill is done\n");
});

it("shows rejected rows with key, error and what to do, and fills them when they were put right", async () => {
  const { session, backfill } = await begun("filled = 1, n = t.v::integer");
  await using _ = session;
  await session.query("UPDATE t SET v = 'many' WHERE k = 400");
  const { exitCode, stdout } = await backfill(["run", ...calm, "--json"]);
  expect(exitCode).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({
    error: {
      code: "backfill-incomplete",
      found: 'key 400: invalid input syntax for type integer: "many" (22P02)',
    },
  });
  const status = await backfill(["status"]);
  expect(status.exitCode).toBe(1);
  expect(status.stdout).toContain("  1 row cannot be filled; all others go on\n");
  expect(status.stdout).toContain('key 400: invalid input syntax for type integer: "many" (22P02)');
  expect(status.stdout).toContain("lockstep backfill run p1/1 --retry-rejected\n");
  expect((await backfill(["run", ...calm])).exitCode).toBe(3);
  await session.query("UPDATE t SET v = '4' WHERE k = 400");
  expect((await backfill(["run", "p1/1", "--retry-rejected", ...calm])).exitCode).toBe(0);
  expect(await session.queryArrays("SELECT n FROM t WHERE k = 400")).toEqual([[4]]);
});

it("pauses and resumes", async () => {
  const { session, backfill } = await begun("filled = 1");
  await using _ = session;
  expect((await backfill(["pause"])).stdout).toContain("  paused\n");
  const { exitCode, stdout } = await backfill(["run", ...calm, "--json"]);
  expect([exitCode, JSON.parse(stdout)]).toMatchObject([3, { error: { code: "backfill-paused" } }]);
  expect((await backfill(["resume", "p1/1"])).stdout).toContain("  running\n");
  expect((await backfill(["run", ...calm])).exitCode).toBe(0);
  const nothing = await backfill(["pause", "--json"]);
  expect([nothing.exitCode, JSON.parse(nothing.stdout)]).toMatchObject([
    2,
    { error: { code: "usage", found: "none that is not done" } },
  ]);
});

it("shows its pace and the reason elsewhere while it runs; Ctrl-C ends it where it goes on", async () => {
  const { session, backfill } = await begun("filled = 1 + length(pg_sleep(0.0005)::text)", 20_000);
  await using _ = session;
  const stop = new AbortController();
  const running = backfill(["run", "--ignore", "sessions", "--ignore", "wal"], {
    signal: stop.signal,
    isTTY: true,
    columns: 120,
    env: { NO_COLOR: "1" },
  });
  let seen = "";
  while (!/ left\n/.test(seen)) seen = (await backfill(["status"])).stdout;
  expect(seen).toMatch(/^ {2}pace +[\d,]+ rows\/s, \d+ (s|min)?( ?to \d+ (s|min))? left$/m);
  expect(seen.replaceAll(/\s+/g, " ")).toMatch(
    /by .+ pid \d+ goes slower: latency cannot be read: pg_stat_statements is not installed/,
  );
  stop.abort();
  const { exitCode, stderr } = await running;
  expect(exitCode).toBe(3);
  expect(stderr).toContain("error[run-cancelled]: backfill p1/1 was stopped");
  // The bar that was redrawn: share, rows, rate, time to the end, and the reason.
  expect(stderr).toMatch(/░+ +\d+ % [\d,]+ rows · [\d,]+\/s · [^·]+ left · slow: latency cannot/);
});

it.each([
  [["--limit", "replica-hours=1:2"], "--limit replica-hours=1:2 is no limit"],
  [["--limit", "latency=1"], "--limit latency=1 is no limit"],
  [["--limit", "latency=a:2"], "--limit latency=a:2 is no limit"],
  [["--ignore", "weather"], "there is no signal weather"],
])("refuses %j", async (argv, what) => {
  const { stdout, exitCode } = await runCli(
    ["backfill", "run", ...argv, "--url", scratch.url, "--json"],
    { cwd },
  );
  expect([exitCode, JSON.parse(stdout)]).toMatchObject([2, { error: { code: "usage", what } }]);
});
