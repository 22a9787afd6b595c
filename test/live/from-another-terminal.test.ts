import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { Product, shop, unwrapped, v1 } from "../deploy/product.ts";
import { ndjson } from "../cli/run-cli.ts";
import { spawnTypescript } from "../support/run-typescript.ts";
import { itWhere } from "../support/it-where.ts";

/** Lockstep at work, as the test goes on. */
function start(product: Product, argv: readonly string[]) {
  return product.run([...argv, "--format", "ndjson"]).then(({ exitCode, stdout }) => ({
    exitCode,
    last: ndjson(stdout).at(-1)!,
  }));
}

interface Status {
  readonly live: {
    readonly runs: readonly {
      readonly run: string;
      readonly command: string;
      readonly doing: Record<string, Record<string, unknown>>;
    }[];
    readonly waiting: readonly Record<string, unknown>[];
  };
}

/** What another terminal sees, once it sees what a test is about. */
async function statusOnce(product: Product, isIt: (live: Status["live"]) => boolean) {
  for (;;) {
    const { stdout } = await product.run(["status", "--no-drift", "--json"]);
    const { live } = JSON.parse(stdout) as Status;
    if (isIt(live)) return live;
    await sleep(50);
  }
}

/** Everything on the newest major; on the oldest what its views decide. */
describe.each([14, 18] as const)("from another terminal, on %s", (major) => {
  const isNewest = major === 18;
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  it("a migration that waits for a lock is seen with who is in its way, and is stopped cleanly", async () => {
    await using product = await Product.make(scratch, {
      migrations: {
        "0001_shop.sql": shop,
        "0002_confirmed.sql": "ALTER TABLE orders ADD COLUMN confirmed_at timestamptz;",
      },
      runner: { lockTimeoutMs: 60_000 },
    });
    await product.run(["migrate", "--folder", "migrations"]);
    product.write({
      migrations: { "0003_late.sql": "ALTER TABLE orders ADD COLUMN late int;" },
      runner: { lockTimeoutMs: 60_000 },
    });
    await using _holder = await product.hold("BEGIN; SELECT FROM orders");
    const run = start(product, ["migrate"]);
    const live = await statusOnce(
      product,
      ({ runs, waiting }) => runs[0]?.doing["step"] !== undefined && waiting.length > 0,
    );
    expect(live.runs).toMatchObject([
      {
        command: "migrate",
        doing: {
          migration: { id: "0003_late", number: 1, of: 1 },
          step: { file: "migrations/0003_late.sql", line: 1, attempt: 1 },
        },
      },
    ]);
    expect(live.waiting).toMatchObject([
      { application: "holder", state: "idle in transaction", waiters: [{ state: "waiting" }] },
    ]);
    const shown = await product.run(["status", "--no-drift"]);
    expect(shown.stdout).toMatch(/running now: migrate, run [0-9a-f]{8}, for /);
    expect(shown.stdout).toMatch(
      /who waits for whom\n {2}pid \d+ .*\(holder\) idle in transaction/,
    );
    expect(shown.stdout).toMatch(/\n {2}└─ pid \d+ .* waiting /);

    const { exitCode, stdout } = await product.run(["cancel", "--reason", "lunch", "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      command: "migrate",
      outcome: "stopped",
      applied: [],
      pending: ["0003_late"],
      unfinished: ["stopped at migrations/0003_late.sql:1"],
    });
    const end = await run;
    expect(end.exitCode).toBe(3);
    expect(end.last).toMatchObject({ type: "error", error: { code: "run-cancelled" } });
    expect(JSON.stringify(end.last)).toMatch(/lockstep cancel, by \S+@\S+: lunch/);
    expect(await product.ask("SELECT FROM lockstep.process")).toEqual([]);
    await _holder.close();
    expect((await product.run(["migrate"])).exitCode).toBe(0);
    expect(await product.columns()).toContain("late");
  });

  itWhere(isNewest)(
    "a deploy is seen at its stage and stopped inside its command, which is rolled back",
    async () => {
      await using product = await Product.make(scratch, {
        migrations: { "0001_shop.sql": shop },
        contract: v1,
        deploy: { command: "sleep 600" },
      });
      const run = start(product, ["deploy"]);
      const live = await statusOnce(
        product,
        ({ runs }) => runs[0]?.doing["stage"]?.["name"] === "deploy command",
      );
      expect(live.runs[0]).toMatchObject({ command: "deploy", doing: { applied: ["0001_shop"] } });
      const { run: id } = live.runs[0]!;
      const { exitCode, stdout } = await product.run(["cancel", id.slice(0, 8)]);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^stopped: deploy, run [0-9a-f]{8}, after /);
      expect(stdout).toMatch(/done +0001_shop\n/);
      const end = await run;
      expect(end.exitCode).toBe(3);
      expect(product.service).toEqual(["rolled back"]);
    },
  );

  itWhere(isNewest)("a snapshot that is being made is seen, and stopped", async () => {
    await using product = await Product.make(scratch, {
      deploy: { snapshot: { by: "command", command: "sleep 600" } },
    });
    await product.run(["migrate"]);
    const run = start(product, ["snapshot", "create"]);
    await statusOnce(product, ({ runs }) => runs[0]?.doing["stage"]?.["name"] === "snapshot");
    expect((await product.run(["cancel"])).exitCode).toBe(0);
    const { exitCode, last } = await run;
    expect([exitCode, last]).toEqual([
      3,
      expect.objectContaining({ error: expect.objectContaining({ code: "run-cancelled" }) }),
    ]);
    expect(
      await product.ask("SELECT outcome FROM lockstep.run WHERE command = 'snapshot'"),
    ).toEqual([{ outcome: "stopped" }]);
  });

  itWhere(isNewest)("a session in the way is shown, and ended only on a yes", async () => {
    await using product = await Product.make(scratch);
    await using holder = await product.hold("BEGIN; SELECT 'secret'");
    const [{ pid } = { pid: 0 }] = (
      await holder.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")
    ).rows;
    const end = ["blockers", "end", String(pid)];
    const nobody = await product.run(end);
    expect([nobody.exitCode, nobody.stderr]).toEqual([2, expect.stringContaining("--yes")]);
    expect(nobody.stderr).not.toContain("secret");
    const half = await product.run([...end, "--query", "SELECT $1"]);
    expect(half.stderr).toContain("--query and --since prove together");
    expect((await product.run(end, { confirm: async () => false })).exitCode).toBe(1);
    // It goes on while the person thinks.
    const changed = await product.run(end, {
      confirm: async () => {
        await holder.query("SELECT 2, 3");
        return true;
      },
    });
    expect(changed.stderr).toContain("error[blocker-changed]");
    expect(holder.isOpen).toBe(true);
    expect(await product.run([...end, "--yes"])).toMatchObject({
      exitCode: 0,
      stdout: `ended: pid ${pid}\n`,
    });
    expect((await holder.lost).message).not.toBe("");
  });

  itWhere(isNewest)("nothing runs: said so", async () => {
    await using product = await Product.make(scratch);
    const { exitCode, stderr } = await product.run(["cancel"]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("error[run-not-found]")]);
  });
});

describe("by force", () => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch();
  });
  afterAll(() => scratch.close());

  it("a run whose process hangs is ended by force, its sessions shown and confirmed first", async () => {
    await using product = await Product.make(scratch, {
      migrations: { "0001_shop.sql": `${shop} SELECT pg_sleep(600);` },
    });
    const run = spawnTypescript(
      join(import.meta.dirname, "../cli/lockstep-process.ts"),
      ["migrate", "--config", join(product.folder.path, "lockstep.config.json")],
      { DATABASE_URL: product.url },
    );
    onTestFinished(() => void run.kill("SIGKILL"));
    const closed = once(run, "close");
    const live = await statusOnce(product, ({ runs }) =>
      String(runs[0]?.doing["step"]?.["sql"]).includes("pg_sleep"),
    );
    const id = live.runs[0]!.run.slice(0, 8);
    run.kill("SIGSTOP");
    const asked = await product.run(["cancel", id, "--wait", "500"]);
    expect(asked.exitCode).toBe(2);
    expect(asked.stderr).toContain("error[cancel-unanswered]");
    expect((await product.run(["cancel", "--force", "--yes"])).stderr).toContain("error[usage]");
    const unconfirmed = await product.run(["cancel", id, "--force"]);
    expect(unconfirmed.exitCode).toBe(2);
    expect(unconfirmed.stderr).toContain("pg_sleep");
    expect(unconfirmed.stderr).toContain("--yes");
    const refused = await product.run(["cancel", id, "--force"], { confirm: async () => false });
    expect([refused.exitCode, refused.stdout]).toEqual([1, "nothing was ended\n"]);
    expect((await statusOnce(product, () => true)).runs).toHaveLength(1);
    const forced = await product.run(["cancel", id, "--force"], { confirm: async () => true });
    expect([forced.exitCode, forced.stdout]).toEqual([
      0,
      expect.stringMatching(/^ended: the sessions of run/),
    ]);
    expect(
      await product.ask(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query ~ 'pg_sleep' AND pid <> pg_backend_pid()",
      ),
    ).toEqual([]);
    run.kill("SIGCONT");
    await closed;
    expect(run.exitCode).toBe(3);
    expect(await product.columns()).toEqual([]);
    // Its session was gone before it could say in the ledger how it ended.
    const after = await product.run(["status", "--no-drift"]);
    expect(after.stdout).not.toContain("running");
    expect(unwrapped(after.stdout)).toMatch(
      /ended without a word: migrate, run .*\(migrate\).* next the same command goes on/,
    );
    expect(after.stdout).toMatch(/not ended +migrate/);
  });
});
