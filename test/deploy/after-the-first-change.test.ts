import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { confirmed, Product, shop, unwrapped, v1, v2 } from "./product.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

const before = ["id", "total", "note"];
const after = [...before, "confirmed_at"];
const stopped = "the deploy stopped before its command: the old release goes on serving";

/** Only v1 was put into service. */
function expectOldService(product: Product) {
  expect(product.service).toEqual(["deployed v1 in production"]);
}

describe("a migration that fails", () => {
  it("because of the rows that only production has leaves what came before it, and the deploy resumes", async () => {
    await using product = await Product.withV1(scratch);
    await product.ask("INSERT INTO orders VALUES (1, 5, NULL)");
    product.write({
      migrations: {
        "0002_confirmed.sql": confirmed,
        "0003_note.sql": "ALTER TABLE orders ALTER COLUMN note SET NOT NULL;",
      },
      contract: v2,
    });
    const { exitCode, stderr } = await product.run([
      "deploy",
      "--allow-breaking",
      "v1 writes notes",
    ]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain("error[migration-failed]: migrations/0003_note.sql:1");
    const text = unwrapped(stderr);
    expect(text).toContain(stopped);
    expect(text).toContain("applied by this deploy and still there: 0002_confirmed");
    expect(text).toContain("release v1 still fits the database as it is now");
    expect(await product.columns()).toEqual(after);
    expectOldService(product);
    expect(await product.record()).toEqual({
      verified: ["v1"],
      runs: ["deploy v1 succeeded", "deploy v2 failed migration-failed"],
    });

    await product.ask("UPDATE orders SET note = ''");
    const again = await product.run(["deploy", "--allow-breaking", "v1 writes notes"]);
    expect(again.exitCode).toBe(0);
    expect(unwrapped(again.stderr)).toContain("applied 0003_note");
    expect((await product.record()).verified).toEqual(["v1", "v2"]);
  });

  it("on something that only production has, and says when the old release does not fit any more", async () => {
    await using product = await Product.withV1(scratch);
    // By hand: scratch knows nothing of it.
    await product.ask("CREATE VIEW report AS SELECT total FROM orders");
    product.write({
      migrations: {
        "0002_drop.sql": "ALTER TABLE orders DROP COLUMN note;",
        "0003_retype.sql": "ALTER TABLE orders ALTER COLUMN total TYPE bigint;",
      },
      contract: { tables: { orders: { columns: { id: "integer", total: "bigint" } } } },
    });
    const { exitCode, stderr } = await product.run([
      "deploy",
      "--allow-breaking",
      "a night of its own",
    ]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain("error[migration-failed]: migrations/0003_retype.sql:1");
    expect(unwrapped(stderr)).toContain(
      "release v1 does NOT fit the database as it is now: public.orders.note: no such column",
    );
    expect(await product.columns()).toEqual(["id", "total"]);
    expectOldService(product);
  });

  it("for want of a lock, and is applied once the lock is free", async () => {
    await using product = await Product.withV1(scratch);
    product.write({ migrations: { "0002_confirmed.sql": confirmed }, contract: v2 });
    await using other = await Session.open({ url: product.url, applicationName: "checkout" });
    await other.batch("BEGIN; SELECT FROM orders");
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(3);
    expect(stderr).toContain("error[lock-timeout]");
    expect(unwrapped(stderr)).toContain(stopped);
    expect(await product.columns()).toEqual(before);
    expectOldService(product);
    await other.query("COMMIT");
    expect((await product.deploy()).exitCode).toBe(0);
  });
});

describe("a closed gate", () => {
  it("of a change made by hand between migrate and gate leaves the old release serving", async () => {
    await using product = await Product.withV1(scratch);
    product.write({ migrations: { "0002_confirmed.sql": confirmed }, contract: v2 });
    // Drops the column in the moment that the migration is through.
    await product.ask(`
      CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        ALTER TABLE orders DROP COLUMN confirmed_at; RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER undo AFTER INSERT ON lockstep.migration DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION undo()`);
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      "error[gate-closed]: the gate is closed: release v2 would fail in production",
    );
    const text = unwrapped(stderr);
    expect(text).toContain("expected public.orders.confirmed_at: timestamp with time zone");
    expect(text).toMatch(
      /0002_confirmed \(migrations\/0002_confirmed\.sql:1\) is recorded as applied/,
    );
    expect(text).toContain(stopped);
    expect(text).toContain("applied by this deploy and still there: 0002_confirmed");
    expect(text).toContain("release v1 still fits the database as it is now");
    expectOldService(product);
    expect(await product.record()).toEqual({
      verified: ["v1"],
      runs: ["deploy v1 succeeded", "deploy v2 failed gate-closed"],
    });
    await product.ask("ALTER TABLE orders ADD COLUMN confirmed_at timestamptz");
    expect((await product.deploy()).exitCode).toBe(0);
  });

  it("of a variable that the release lacks, wherever its variables are looked up", async () => {
    await using product = await Product.make(scratch, {
      contract: { ...v2, env: ["STRIPE_SECRET"] },
    });
    const closed = await product.deploy();
    expect(closed.exitCode).toBe(1);
    expect(closed.stderr).toContain("environment variable STRIPE_SECRET");
    expect((await product.deploy({ env: { STRIPE_SECRET: "sk_live_4711" } })).exitCode).toBe(0);

    product.folder.write("release.env", "STRIPE_SECRET=sk_live_4711\n");
    product.write({ deploy: { env: { file: "release.env" } } });
    expect((await product.deploy()).exitCode).toBe(0);

    product.write({
      deploy: { env: { command: "echo OTHER=1; echo 'STRIPE_SECRET=sk_live_4711'" } },
    });
    const listed = await product.deploy();
    expect(listed.exitCode).toBe(0);
    expect(listed.stdout + listed.stderr).not.toContain("sk_live");
    product.write({ deploy: { env: { command: "echo STRIPE_SECRET=sk_live_4711; exit 4" } } });
    const failed = await product.deploy();
    expect(failed.exitCode).toBe(2);
    expect(failed.stderr).toContain("error[config-invalid]");
    expect(failed.stderr).not.toContain("sk_live");

    product.write({ deploy: { env: false } });
    const unseen = await product.deploy();
    expect(unseen.exitCode).toBe(0);
    expect(unwrapped(unseen.stderr)).toContain(
      "STRIPE_SECRET: needed by the release, not looked at",
    );
  });

  it("of a custom check with another answer", async () => {
    await using product = await Product.make(scratch, {
      contract: {
        ...v2,
        checks: [
          {
            name: "every order has a total",
            sql: "SELECT count(*)::int FROM orders WHERE total = 0",
            equals: 0,
          },
        ],
      },
    });
    await product.run(["migrate"]);
    await product.ask("INSERT INTO orders VALUES (1, 0)");
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(1);
    expect(unwrapped(stderr)).toContain("every order has a total");
    expect(unwrapped(stderr)).toContain("this deploy applied no migration");
    expect(product.service).toEqual([]);
  });
});

it("without the deploy's lock, a migration stops where it can be resumed", async () => {
  await using product = await Product.withV1(scratch);
  const end =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'lockstep/deploy%' AND datname = current_database();";
  // On scratch nothing was ever deployed, so that the forecast does not sleep.
  const sleep = "SELECT pg_sleep(count(*) * 20) FROM lockstep.deploy;";
  product.write({
    migrations: { "0002_confirmed.sql": `${confirmed}\n${end}\n${sleep}` },
    contract: v2,
  });
  const { exitCode, stderr } = await product.deploy();
  expect(exitCode).toBe(3);
  expect(stderr).toContain("error[lease-lost]: the session that holds the deploy's lock was lost");
  expect(unwrapped(stderr)).toContain(stopped);
  expect(await product.columns()).toEqual(before);
  expectOldService(product);
  expect((await product.record()).runs.at(-1)).toBe("deploy v2 failed lease-lost");
  product.write({ migrations: { "0002_confirmed.sql": confirmed } });
  expect((await product.deploy()).exitCode).toBe(0);
});

it("without a lock that still holds, nothing is put into service", async () => {
  await using product = await Product.make(scratch, {
    migrations: { "0001_shop.sql": shop },
    // The gate runs on the session that holds the lock: the check ends it.
    contract: {
      ...v1,
      checks: [{ name: "end", sql: "SELECT pg_terminate_backend(pg_backend_pid())", equals: true }],
    },
  });
  const { exitCode, stderr } = await product.deploy();
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/error\[(lease|connection)-lost\]/);
  expect(unwrapped(stderr)).toContain(stopped);
  expect(product.service).toEqual([]);
  expect(await product.record()).toMatchObject({ verified: [] });
  product.write({ contract: v1 });
  expect((await product.deploy()).exitCode).toBe(0);
});
