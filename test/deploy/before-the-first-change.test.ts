import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { pgBouncerMissing, startPgBouncer } from "../support/pgbouncer.ts";
import { confirmed, Product, unwrapped, v1, v2 } from "./product.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

/** The database is as it was, and nothing new was put into service. */
async function expectUntouched(product: Product, columns: readonly string[]) {
  expect(await product.columns()).toEqual(columns);
  expect(product.service.filter((line) => !line.includes("v1"))).toEqual([]);
}

const before = ["id", "total", "note"];
const after = [...before, "confirmed_at"];

describe("preflight stops before anything is changed", () => {
  it.skipIf(pgBouncerMissing !== undefined)("behind a transaction pooler", async () => {
    await using product = await Product.make(scratch);
    await using pooler = await startPgBouncer({ url: product.url, poolMode: "transaction" });
    const { exitCode, stderr } = await product.deploy({ env: { DATABASE_URL: pooler.url } });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("error[pooler-transaction-mode]");
    expect(unwrapped(stderr)).toContain("the deploy stopped before its first change");
    await expectUntouched(product, []);
    expect(await product.ask("SELECT to_regnamespace('lockstep') AS schema")).toEqual([
      { schema: null },
    ]);
    expect((await product.deploy()).exitCode).toBe(0);
  });

  it("on a database that takes no changes", async () => {
    await using product = await Product.make(scratch);
    const name = new URL(product.url).pathname.slice(1);
    const set = async (value: string) =>
      product.ask(
        `SET transaction_read_only = off; ALTER DATABASE "${name}" SET default_transaction_read_only = ${value}`,
      );
    await set("on");
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(2);
    expect(stderr).toContain("error[database-read-only]");
    await expectUntouched(product, []);
    await set("off");
    expect((await product.deploy()).exitCode).toBe(0);
  });

  it("under a role that may not make what it needs", async () => {
    await using product = await Product.make(scratch);
    await product.ask("CREATE ROLE visitor LOGIN PASSWORD 'visitor'");
    const url = new URL(product.url);
    url.username = "visitor";
    url.password = "visitor";
    const { exitCode, stderr } = await product.deploy({ env: { DATABASE_URL: url.toString() } });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("error[privilege-missing]");
    expect(stderr).toContain("GRANT CREATE ON DATABASE");
    await expectUntouched(product, []);
  });
});

describe("compatibility stops before anything is changed", () => {
  const drop = "ALTER TABLE orders DROP COLUMN note;";
  const withoutNote = {
    tables: { orders: { columns: { id: "integer", total: "numeric" }, primaryKey: ["id"] } },
  };

  it("when the last verified release would break", async () => {
    await using product = await Product.withV1(scratch);
    product.write({ migrations: { "0002_drop.sql": drop }, contract: withoutNote });
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(1);
    expect(stderr).toContain("error[running-release-breaks]");
    expect(unwrapped(stderr)).toContain(
      "release v1 needs public.orders.note (contract.json:7): text; it would find no such column",
    );
    expect(unwrapped(stderr)).toContain("the deploy stopped before its first change");
    await expectUntouched(product, before);
    expect((await product.record()).runs.at(-1)).toBe("deploy v2 failed running-release-breaks");

    const allowed = await product.run([
      "deploy",
      "--allow-breaking",
      "v1 was taken out of service",
    ]);
    expect(allowed.exitCode).toBe(0);
    expect(await product.columns()).toEqual(["id", "total"]);
    expect(
      await product.ask("SELECT allowed_breaking FROM lockstep.deploy WHERE release = 'v2'"),
    ).toEqual([{ allowed_breaking: "v1 was taken out of service" }]);
  });

  it("when an instance that beats would break, although the last verified release would not", async () => {
    await using product = await Product.withV1(scratch);
    const [known] = await product.ask<{ hash: string }>("SELECT hash FROM lockstep.contract");
    product.write({ migrations: { "0002_drop.sql": drop }, contract: withoutNote });
    expect((await product.run(["deploy", "--allow-breaking", "test"])).exitCode).toBe(0);
    await product.ask(`SELECT lockstep.beat('worker-1', '${known!.hash}', 'v1')`);
    product.write({
      migrations: { "0003_drop.sql": "ALTER TABLE orders DROP COLUMN total;" },
      contract: { tables: { orders: { columns: { id: "integer" }, primaryKey: ["id"] } } },
    });
    const { exitCode, stderr } = await product.run(["deploy", "--release", "v3"]);
    expect(exitCode).toBe(1);
    expect(unwrapped(stderr)).toContain("break release v1, which is running");
    expect(await product.columns()).toEqual(["id", "total"]);
    // Its last instance says good-bye: now only v2 is known to run, which does need the column too.
    await product.ask("SELECT lockstep.leave('worker-1')");
    const again = await product.run(["deploy", "--release", "v3"]);
    expect(unwrapped(again.stderr)).toContain("break release v2, which is running");
  });

  it("when an instance of a release runs that nobody has described", async () => {
    await using product = await Product.withV1(scratch);
    await product.ask(`SELECT lockstep.beat('stranger', repeat('ab', 32), 'v0')`);
    product.write({ migrations: { "0002_confirmed.sql": confirmed }, contract: v2 });
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(1);
    expect(unwrapped(stderr)).toContain("what the running release v0 expects is not known here");
    await expectUntouched(product, before);

    // What the message says is true: the gate stores the contract of a release that fits.
    product.write({ contract: v1 });
    const build = await product.run(["contract", "build", "--release", "v0", "-o", "v0.json"]);
    expect(build.exitCode).toBe(0);
    await product.ask("SELECT lockstep.leave('stranger')");
    const gate = await product.run(["gate", "--record", "--contract", "v0.json"]);
    expect(gate).toMatchObject({ exitCode: 0, stderr: "" });
    await product.ask(
      "SELECT lockstep.beat('stranger', hash, 'v0') FROM lockstep.contract WHERE release = 'v0'",
    );
    product.write({ contract: v2 });
    expect((await product.deploy()).exitCode).toBe(0);
    expect(await product.columns()).toEqual(after);
  });

  it("when a pending migration does not even run on an empty database", async () => {
    await using product = await Product.withV1(scratch);
    product.write({
      migrations: {
        "0002_confirmed.sql": "ALTER TABLE oders ADD COLUMN confirmed_at timestamptz;",
      },
      contract: v2,
    });
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(2);
    expect(stderr).toContain("error[scratch-run-failed]");
    expect(unwrapped(stderr)).toContain('migrations/0002_confirmed.sql:1: relation "oders"');
    await expectUntouched(product, before);
    product.write({ migrations: { "0002_confirmed.sql": confirmed } });
    expect((await product.deploy()).exitCode).toBe(0);
  });

  it("when the role does not own a table that changes", async () => {
    await using product = await Product.withV1(scratch);
    await product.ask(`
      CREATE ROLE migrator LOGIN PASSWORD 'migrator';
      ALTER SCHEMA lockstep OWNER TO migrator;
      GRANT ALL ON ALL TABLES IN SCHEMA lockstep TO migrator;
      GRANT ALL ON ALL SEQUENCES IN SCHEMA lockstep TO migrator;
      GRANT ALL ON SCHEMA public TO migrator`);
    const url = new URL(product.url);
    url.username = "migrator";
    url.password = "migrator";
    product.write({ migrations: { "0002_confirmed.sql": confirmed }, contract: v2 });
    const { exitCode, stderr } = await product.deploy({ env: { DATABASE_URL: url.toString() } });
    expect(exitCode).toBe(2);
    expect(unwrapped(stderr)).toContain('ownership of "public"."orders"');
    await expectUntouched(product, before);
    await product.ask("ALTER TABLE orders OWNER TO migrator");
    expect((await product.deploy({ env: { DATABASE_URL: url.toString() } })).exitCode).toBe(0);
  });
});

describe("compatibility warns", () => {
  it("of a change that no probe touches, and of long transactions on the tables that change", async () => {
    await using product = await Product.withV1(scratch);
    await using reader = await Session.open({ url: product.url, applicationName: "report" });
    await reader.batch("BEGIN; SELECT count(*) FROM orders");
    await reader.query("SELECT pg_sleep(5.2), 'a customer''s'");
    product.write({
      migrations: { "0002_confirmed.sql": confirmed },
      contract: v2,
      probes: `[{ name: "nothing", touches: ["public.customers"], run() {} }]`,
      runner: { attempts: 1 },
    });
    const { exitCode, stderr } = await product.deploy();
    expect(exitCode).toBe(3);
    const text = unwrapped(stderr);
    expect(text).toContain(
      "no probe touches public.orders.confirmed_at, which this deploy changes",
    );
    expect(text).toMatch(
      /! pid \d+ \(postgres, report\) has had a transaction open for \d+ s and holds public\.orders AccessShareLock/,
    );
    expect(stderr).not.toContain("a customer");
  });

  it("not of an index alone", async () => {
    await using product = await Product.withV1(scratch);
    product.write({
      migrations: { "0002_index.sql": "CREATE INDEX orders_total ON orders (total);" },
      probes: `[{ name: "nothing", touches: ["public.customers"], run() {} }]`,
    });
    const { exitCode, stderr, stdout } = await product.deploy();
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain("no probe touches");
    expect(unwrapped(stderr)).toContain(
      "nothing that a release can see changes; indexes of public.orders do",
    );
    expect(stdout).toBe("deployed and verified: release v2 in production, 1 probe passed\n");
  });
});
