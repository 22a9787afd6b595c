import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { unreachable, WatchedDatabase } from "../../src/watch/database.ts";
import { hidesStandbys } from "../../src/watch/round.ts";
import {
  compareStatements,
  gapsBetween,
  readStatements,
  type StatementCounts,
} from "../../src/watch/statements.ts";
import { Product } from "../deploy/product.ts";
import { itWhere } from "../support/it-where.ts";

let server: Server;
let answer: (path: string) => {
  readonly status: number;
  readonly body: string;
  readonly to?: string;
};
let origin: string;
beforeAll(async () => {
  server = createServer(({ url = "" }, response) => {
    const { status, body, to } = answer(url);
    response.writeHead(status, to === undefined ? {} : { location: to }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  answer = () => ({ status: 200, body: '{"errors":{"rate":0.001}}' });
});
afterAll(async () => new Promise((resolve) => server.close(resolve)));

/** Everything on the newest major; on the oldest what its views decide. */
describe.each([14, 18] as const)("after a deploy, on %s", (major) => {
  const isNewest = major === 18;
  let scratch: Scratch;
  beforeAll(async () => {
    answer = () => ({ status: 200, body: '{"errors":{"rate":0.001}}' });
    scratch = await startScratch({
      major,
      settings: { shared_preload_libraries: "pg_stat_statements" },
    });
  });
  afterAll(() => scratch.close());

  const make = async (watch: Readonly<Record<string, unknown>> = {}, probe = "") =>
    Product.make(scratch, {
      deploy: {
        watch: {
          forMs: 50,
          everyMs: 1,
          endpoints: [
            { url: `${origin}/health?key=secret` },
            { url: `${origin}/metrics`, value: "errors.rate", most: 0.01 },
          ],
          ...watch,
        },
      },
      probes: `[{ name: "orders", run: async ({ sql }) => { await sql("SELECT 1"); ${probe} } }]`,
    });
  const verdicts = async (product: Product) =>
    product.ask(
      "SELECT outcome, error->>'code' AS code, detail->'watch'->>'verdict' AS verdict FROM lockstep.run WHERE command = 'watch'",
    );

  it("goes well: said with what was not looked at, and recorded", async () => {
    await using product = await make();
    const { exitCode, stdout } = await product.run(["watch", "--json"]);
    expect(exitCode).toBe(0);
    const result = JSON.parse(stdout) as { rounds: number; notKnown: readonly string[] };
    expect(result).toMatchObject({ verdict: "well", failures: [], troubles: [] });
    expect(result.rounds).toBeGreaterThan(0);
    expect(result.notKnown).toEqual([expect.stringContaining("pg_stat_statements")]);
    expect(await verdicts(product)).toEqual([
      { outcome: "succeeded", code: null, verdict: "well" },
    ]);
  });

  itWhere(isNewest)(
    "a probe that fails again and again ends it early, and the roll-back command runs when it is to",
    async () => {
      await using product = await make({ forMs: 600_000 }, 'throw new Error("no order")');
      const { exitCode, stdout } = await product.run(["watch"]);
      expect([exitCode, stdout]).toEqual([
        1,
        expect.stringMatching(/^failed: probe orders, after 2 rounds in /),
      ]);
      expect(product.service).toEqual([]);
      const back = await product.run(["watch", "--rollback"]);
      expect(back.stdout).toContain("the roll-back command succeeded");
      expect(product.service).toEqual(["rolled back"]);
      expect(await verdicts(product)).toEqual(
        Array.from({ length: 2 }, () => ({
          outcome: "failed",
          code: "watch-failed",
          verdict: "failed",
        })),
      );
    },
  );

  itWhere(isNewest)(
    "an endpoint that fails, is beyond its limit, or says nothing, is told without its key",
    async () => {
      await using product = await make({ forMs: 600_000 });
      answer = () => ({ status: 200, body: '{"errors":{"rate":0.2}}' });
      const beyond = await product.run(["watch"]);
      expect(beyond.stdout).toMatch(/\/metrics: errors.rate is 0.2, 0.01 at\s+the most/);
      answer = () => ({ status: 503, body: "" });
      const down = await product.run(["watch"]);
      expect(down.stdout).toContain("/health: status 503");
      expect(down.stdout + down.stderr).not.toContain("secret");
      answer = (path) =>
        path.startsWith("/health")
          ? { status: 302, body: "", to: "/login?key=secret" }
          : { status: 200, body: "{}" };
      const away = await product.run(["watch"]);
      expect(away.stdout).toMatch(/\/health: status 302, to\s+\S+\/login/);
      expect(away.stdout).not.toContain("secret");
      answer = () => ({ status: 200, body: "<html>" });
      expect((await product.run(["watch"])).stdout).toContain("no number at errors.rate");
    },
  );

  itWhere(isNewest)("what was wrong only once does not fail it", async () => {
    await using product = await make({ forMs: 600_000 });
    let round = 0;
    answer = (path) => {
      const isHealth = path.startsWith("/health");
      if (isHealth) round++;
      const isDown = isHealth ? round === 1 : round > 2;
      return { status: isDown ? 500 : 200, body: '{"errors":{"rate":0}}' };
    };
    const { exitCode, stdout } = await product.run(["watch"]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^failed: endpoint \S+\/metrics, after /);
    expect(stdout).toMatch(/once +endpoint \S+\/health, in 1 round: status 500/);
  });

  itWhere(isNewest)("a session that is lost is told, and opened again", async () => {
    await using product = await make({ forMs: 600_000 });
    let round = 0;
    let lostIn: number | undefined;
    const end = async () => {
      await product.ask(
        "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE application_name = 'lockstep/watch' AND datname = current_database()",
      );
      lostIn = round;
    };
    answer = (path) => {
      const isHealth = path.startsWith("/health");
      if (isHealth && ++round === 1) void end();
      const isDown = isHealth && lostIn !== undefined && round > lostIn + 3;
      return { status: isDown ? 500 : 200, body: '{"errors":{"rate":0}}' };
    };
    const { exitCode, stdout } = await product.run(["watch"]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^failed: endpoint \S+\/health, after /);
    expect(stdout).toMatch(/once +database, in 1 round: /);
    expect(await verdicts(product)).toEqual([
      { outcome: "failed", code: "watch-failed", verdict: "failed" },
    ]);
  });

  itWhere(isNewest)("is not begun with a way back that is not there", async () => {
    await using product = await make();
    product.write({ deploy: { rollback: undefined } });
    const { exitCode, stderr } = await product.run(["watch", "--rollback"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("error[usage]: there is no command that puts the old release back");
  });

  it("somebody who waits for a lock for too long fails it, with who is in the way", async () => {
    await using product = await make({ forMs: 600_000, lockWaitMs: 0 });
    await product.run(["migrate"]);
    await using holder = await product.hold("BEGIN; LOCK TABLE orders");
    const waiting = product.ask("SELECT FROM orders");
    const { exitCode, stdout } = await product.run(["watch", "--format", "json"]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("LOCK TABLE orders");
    await holder.query("COMMIT");
    await waiting;
  });

  it("a statement that is new since is told by pg_stat_statements, its literals masked", async () => {
    await using product = await make(
      { forMs: 600_000, endpoints: [{ url: `${origin}/health` }] },
      `await sql("SELECT 'card 4111', 17 AS fresh_statement")`,
    );
    await product.ask("CREATE EXTENSION pg_stat_statements");
    answer = () => ({ status: 500, body: "" });
    const { stdout } = await product.run(["watch", "--json"]);
    const { statements, notKnown } = JSON.parse(stdout) as {
      statements: readonly { kind: string; query: string; calls: number }[];
      notKnown: readonly string[];
    };
    expect(statements.find(({ query }) => query.includes("fresh_statement"))).toMatchObject({
      kind: "new",
      calls: 2,
    });
    expect(stdout).not.toContain("4111");
    expect(notKnown).toEqual([]);
  });

  it("what this role may not see, and counters that began anew, are said", async () => {
    await using product = await make();
    await product.ask("CREATE EXTENSION pg_stat_statements");
    await using session = await product.hold("SELECT 1 AS seen");
    const before = (await readStatements(session))!;
    expect(gapsBetween(before, (await readStatements(session))!)).toEqual([]);
    expect(await hidesStandbys(session)).toBe(false);
    await session.query("SELECT pg_stat_statements_reset()");
    expect(gapsBetween(before, (await readStatements(session))!)).toEqual([
      expect.stringContaining("was emptied during the watch"),
    ]);
    const standby = new Client({ connectionString: `${product.url}?replication=database` });
    await standby.connect();
    await session.batch("CREATE ROLE onlooker");
    await session.query("SET ROLE onlooker");
    expect(await hidesStandbys(session)).toBe(true);
    const hidden = (await readStatements(session))!;
    expect(gapsBetween(hidden, hidden)).toEqual([
      expect.stringMatching(/^\d+ statements? of other/),
    ]);
    const { kept } = before;
    const dropped = { ...before, kept: { ...kept!, dropped: kept!.dropped + 1 } };
    expect(gapsBetween(before, dropped)).toEqual([expect.stringContaining("had no room")]);
    expect(gapsBetween(before, { ...before, kept: undefined })).toHaveLength(1);
    await standby.end();
    await session.batch("RESET ROLE; DROP ROLE onlooker");
  });

  itWhere(isNewest)("a database that hangs is one that cannot be asked", async () => {
    await using product = await make();
    await using database = new WatchedDatabase(product.url, 200);
    const hung = await database
      .use(async (session) => session.query("SELECT pg_sleep(600)"))
      .then(() => undefined, unreachable);
    expect(hung).toBe("no answer within 200 ms");
    expect((await database.use(async (session) => session.query("SELECT"))).rowCount).toBe(1);
  });

  itWhere(isNewest)("is stopped without a verdict", async () => {
    await using product = await make();
    const stopped = await product.run(["watch"], { signal: AbortSignal.abort() });
    expect([stopped.exitCode, stopped.stderr]).toEqual([
      3,
      expect.stringContaining("error[run-cancelled]"),
    ]);
    expect(await verdicts(product)).toEqual([
      { outcome: "stopped", code: "run-cancelled", verdict: null },
    ]);
  });
});

it("new and slower statements are told by the difference of two readings, the costliest first", async () => {
  const counts = (...rows: readonly (readonly [string, number, number])[]): StatementCounts =>
    new Map(
      rows.map(([query, calls, totalMs]) => [query, { id: query, query, calls, totalMs }] as const),
    );
  const before = counts(
    ["SELECT 'slower'", 100, 1_000],
    ["SELECT 'same'", 100, 1_000],
    ["SELECT 'rare'", 3, 3],
    ["SELECT 'fast'", 100, 10],
    ["SELECT 'reset'", 100, 10_000],
    ["SELECT 'idle'", 100, 10],
  );
  const after = counts(
    ["SELECT 'slower'", 110, 1_300],
    ["SELECT 'same'", 200, 2_000],
    ["SELECT 'rare'", 30, 3_000],
    ["SELECT 'fast'", 200, 110],
    ["SELECT 'reset'", 5, 500],
    ["SELECT 'idle'", 100, 10],
    ["SELECT 'new'", 2, 900],
  );
  expect(await compareStatements(before, after, 2)).toEqual([
    { kind: "new", query: "SELECT $1", calls: 2, meanMs: 450, meanMsBefore: null, totalMs: 900 },
    { kind: "slower", query: "SELECT $1", calls: 10, meanMs: 30, meanMsBefore: 10, totalMs: 300 },
  ]);
});
