import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { Product, shop, unwrapped, v1 } from "../deploy/product.ts";
import { spawnTypescript } from "../support/run-typescript.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

const up = `ALTER TABLE orders ADD COLUMN confirmed_at timestamptz;
  CREATE INDEX lines_name ON lines (name);`;
/** Two transactions: each can be held up by itself. */
const down = `DROP INDEX CONCURRENTLY lines_name;
ALTER TABLE orders DROP COLUMN confirmed_at;`;

async function applied(): Promise<Product> {
  const product = await Product.make(scratch, {
    migrations: {
      "0001_shop.sql": `${shop} CREATE TABLE lines (id int PRIMARY KEY, name text);`,
      "0002_confirmed.sql": up,
    },
    contract: v1,
  });
  const { exitCode, stderr } = await product.run(["migrate"]);
  if (exitCode !== 0) throw new Error(stderr);
  return product;
}

interface Status {
  readonly folder: {
    readonly migrations: readonly {
      readonly id: string;
      readonly state: string;
      readonly goingBack?: readonly { readonly line: number; readonly state: string }[];
    }[];
  };
}

async function last(product: Product) {
  const { exitCode, stdout } = await product.run(["status", "--no-drift", "--json"]);
  const { folder } = JSON.parse(stdout) as Status;
  const { id, state, goingBack } = folder.migrations.at(-1)!;
  return { exitCode, id, state, goingBack };
}

const indexes = "SELECT FROM pg_class WHERE relname = 'lines_name'";

/** Kills a rollback with -9 once it waits. */
async function killedWhileWaiting(product: Product, waiting: string): Promise<void> {
  const child = spawnTypescript(
    join(import.meta.dirname, "../cli/lockstep-process.ts"),
    [
      "rollback",
      "--lock-timeout",
      "60000",
      "--scratch-url",
      scratch.url,
      "--config",
      join(product.folder.path, "lockstep.config.json"),
    ],
    { DATABASE_URL: product.url },
  );
  const closed = once(child, "close");
  await untilWaiting(product, waiting);
  child.kill("SIGKILL");
  await closed;
  // What is in flight on the server may still come to its end: not on one that its machine has left.
  const gone =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '^lockstep/'";
  while ((await product.ask(gone)).length > 0) await sleep(20);
}

async function untilWaiting(product: Product, waiting: string): Promise<void> {
  while ((await product.ask(waiting)).length === 0) await sleep(20);
}

const forOrders = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'orders'::regclass";
const withIndex =
  "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ '^DROP INDEX CONCURRENTLY'";

/** Ends what waits at its commit for a standby. */
const atCommit =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'";

/** The checkpointer tells the sessions that there is a standby to wait for, when it gets to it. */
async function untilCommitsWait(product: Product): Promise<void> {
  for (;;) {
    let isOver = false;
    const over = () => (isOver = true);
    const probe = product
      .ask("SET LOCAL synchronous_commit = on; SELECT pg_logical_emit_message(true, '', '')")
      .then(over, over);
    while (!isOver) {
      if ((await product.ask(atCommit)).length > 0) return void (await probe);
      await sleep(20);
    }
  }
}

describe("a way back of several transactions", () => {
  it("that finds no lock half-way says what is taken back; nothing is applied before it has gone on", async () => {
    await using product = await applied();
    product.folder.write("migrations/0002_confirmed.down.sql", down);
    const holder = await product.hold("BEGIN; SELECT FROM orders");
    const stopped = await product.run(["rollback", "--retry-for", "300"]);
    expect([stopped.exitCode, stopped.stderr]).toEqual([
      3,
      expect.stringContaining("error[lock-timeout]"),
    ]);
    for (const text of [
      "0002_confirmed is taken back in part",
      "then lockstep rollback 0002_confirmed, with the same options",
      "lockstep resolve 0002_confirmed --as applied",
    ])
      expect(unwrapped(stopped.stderr)).toContain(text);
    expect(await product.ask(indexes)).toEqual([]);
    expect(await last(product)).toMatchObject({
      exitCode: 1,
      state: "applied",
      goingBack: [{ line: 1, state: "done" }],
    });
    expect((await product.run(["status"])).stdout).toContain(
      "0002_confirmed is taken back in part: a rollback",
    );
    product.write({ migrations: { "0003_late.sql": "CREATE TABLE late ();" } });
    const refused = await product.run(["migrate"]);
    expect([refused.exitCode, refused.stderr]).toEqual([
      2,
      expect.stringContaining("error[rollback-unfinished]"),
    ]);
    expect(unwrapped(refused.stderr)).toContain("what begins at line 1 of its way back is done");
    expect(await product.ask("SELECT to_regclass('late') AS late")).toEqual([{ late: null }]);
    const resolved = await product.run(["resolve", "0002_confirmed", "--as", "applied"]);
    expect([resolved.exitCode, resolved.stderr]).toEqual([
      1,
      expect.stringContaining("lines_name"),
    ]);
    await holder.close();
    // What has run may not be edited, and what has not may.
    product.folder.write(
      "migrations/0002_confirmed.down.sql",
      down.replace("CONCURRENTLY", "CONCURRENTLY IF EXISTS"),
    );
    const edited = await product.run(["rollback"]);
    expect([edited.exitCode, edited.stderr]).toEqual([
      3,
      expect.stringContaining("error[migration-unresolved]"),
    ]);
    product.folder.write(
      "migrations/0002_confirmed.down.sql",
      down.replace("DROP COLUMN", "DROP COLUMN IF EXISTS"),
    );
    expect(await product.run(["rollback"])).toMatchObject({ exitCode: 0 });
    expect(await product.columns()).not.toContain("confirmed_at");
    expect((await product.run(["migrate"])).exitCode).toBe(0);
    expect(await last(product)).toMatchObject({ exitCode: 0, id: "0003_late", state: "applied" });
  });

  it("that is killed between two of them goes on with the same command, or is settled by hand", async () => {
    await using product = await applied();
    product.folder.write("migrations/0002_confirmed.down.sql", down);
    const holder = await product.hold("BEGIN; SELECT FROM orders");
    await killedWhileWaiting(product, forOrders);
    await holder.close();
    expect(await product.ask(indexes)).toEqual([]);
    expect(await last(product)).toMatchObject({ state: "applied", goingBack: [{ line: 1 }] });
    await product.ask("CREATE INDEX lines_name ON lines (name)");
    const words = ["resolve", "0002_confirmed", "--as", "applied"];
    expect(await product.run(words)).toMatchObject({ exitCode: 0 });
    expect((await last(product)).goingBack).toBeUndefined();
    expect(await product.run(["rollback"])).toMatchObject({ exitCode: 0 });
    expect((await product.run(["migrate"])).exitCode).toBe(0);
    expect(await product.ask(indexes)).toHaveLength(1);
  });

  it("that loses its connection at the last commit knows that it is done", async () => {
    await using product = await applied();
    // A standby that never answers keeps the session at its commit, which is local already.
    product.folder.write(
      "migrations/0002_confirmed.down.sql",
      `SET LOCAL synchronous_commit = on; DROP INDEX lines_name; ALTER TABLE orders DROP COLUMN confirmed_at;`,
    );
    await product.ask(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = local', current_database()); END $$",
    );
    const holder = await product.hold("BEGIN; SELECT FROM orders");
    const rolledBack = product.run(["rollback", "--lock-timeout", "60000"]);
    await untilWaiting(product, forOrders);
    await product.ask("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    await product.ask("SELECT pg_reload_conf()");
    try {
      await untilCommitsWait(product);
      await holder.close();
      await untilWaiting(product, atCommit);
      const { exitCode, stderr } = await rolledBack;
      expect([exitCode, unwrapped(stderr)]).toEqual([
        0,
        expect.stringContaining("had committed and is recorded"),
      ]);
    } finally {
      await product.ask("ALTER SYSTEM RESET synchronous_standby_names");
      await product.ask("SELECT pg_reload_conf()");
    }
    expect(await last(product)).toMatchObject({ exitCode: 0, state: "pending" });
    expect(await product.columns()).not.toContain("confirmed_at");
  });

  it("that is killed before the record of the last one finds it done", async () => {
    await using product = await applied();
    // The inverse drops the index last, outside a transaction.
    const holder = await product.hold("BEGIN; SELECT FROM lines");
    await killedWhileWaiting(product, withIndex);
    expect((await product.run(["migrate"])).stderr).toContain("error[rollback-unfinished]");
    await holder.close();
    // As if the server had come to the end of the statement.
    await product.ask("DROP INDEX IF EXISTS lines_name");
    expect(await last(product)).toMatchObject({
      state: "applied",
      goingBack: [{ state: "done" }, { state: "started" }],
    });
    const { exitCode, stderr } = await product.run(["rollback"]);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining("resuming")]);
    expect(await last(product)).toMatchObject({ exitCode: 0, state: "pending" });
    expect((await product.run(["migrate"])).exitCode).toBe(0);
    expect(await product.ask(indexes)).toHaveLength(1);
  });
});
