import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { introspect } from "../../src/catalog/index.ts";
import {
  buildContract,
  contractParts,
  type Contract,
  type ContractCheck,
} from "../../src/contract/index.ts";
import { runGate } from "../../src/gate/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch, type ScratchDatabase } from "../../src/scratch/index.ts";

let scratch: Scratch;
let database: ScratchDatabase;
let session: Session;
let contract: Contract;

beforeAll(async () => {
  scratch = await startScratch();
});

afterAll(async () => scratch.close());

beforeEach(async () => {
  database = await scratch.createDatabase();
  session = await Session.open({ url: database.url, applicationName: "test" });
  await session.batch(`
    CREATE TABLE orders (id int PRIMARY KEY, email text UNIQUE, note text, code text NOT NULL DEFAULT 'x');
    CREATE TABLE items (id serial PRIMARY KEY, order_id int REFERENCES orders ON DELETE CASCADE);
    CREATE INDEX items_order ON items (order_id);
    CREATE VIEW notes AS SELECT note FROM orders`);
  contract = await capture();
});

afterEach(async () => session.close());

async function capture(more: Partial<Contract> = {}): Promise<Contract> {
  const catalog = await introspect(session, { parts: contractParts });
  const built = await buildContract({
    source: { kind: "catalog", catalog },
    release: "v1",
    scratch,
    root: ".",
  });
  return { ...built, ...more };
}

async function gate(wanted = contract, env?: Record<string, string | undefined>) {
  const { open, differences } = await runGate({
    contract: wanted,
    database: session,
    environment: "test",
    env,
  });
  return {
    open,
    found: differences.map(({ severity, kind, object }) => `${severity} ${kind} ${object}`),
    differences,
  };
}

describe("environment variables", () => {
  it("must be there and not empty", async () => {
    const wanted = {
      ...contract,
      env: [{ name: "STRIPE_KEY", from: "lockstep.config.ts:7" }, { name: "PORT" }],
    };
    const { open, differences } = await gate(wanted, { PORT: "" });
    expect(open).toBe(false);
    expect(differences.map(({ object, found, from }) => [object, found, from])).toEqual([
      ["STRIPE_KEY", "not set", "lockstep.config.ts:7"],
      ["PORT", "set, but empty", "the contract of release v1"],
    ]);
    expect((await gate(wanted, { STRIPE_KEY: "x", PORT: "1" })).open).toBe(true);
    // Without an environment there is nothing to look at.
    expect((await gate(wanted)).open).toBe(true);
  });
});

describe("custom checks", () => {
  const ask = async (...checks: readonly ContractCheck[]) => {
    const { differences } = await gate({ ...contract, checks });
    return differences.map(({ object, found }) => `${object}: ${found}`);
  };

  it("compare the answer, whatever its shape", async () => {
    await session.batch("INSERT INTO orders (id) VALUES (1), (2)");
    const right: readonly ContractCheck[] = [
      { name: "number", sql: "SELECT count(*) FROM orders", equals: 2 },
      { name: "truth", sql: "SELECT EXISTS (SELECT FROM orders WHERE id = 1);", equals: true },
      { name: "nothing", sql: "SELECT NULL", equals: null },
      {
        name: "rows",
        sql: "SELECT id, code FROM orders ORDER BY id -- both",
        equals: [
          { id: 1, code: "x" },
          { id: 2, code: "x" },
        ],
      },
      { name: "none", sql: "SELECT id FROM orders WHERE false", equals: [] },
      { name: "json", sql: "SELECT '{\"a\": [1]}'::jsonb", equals: { a: [1] } },
    ];
    expect(await ask(...right)).toEqual([]);
    expect(await ask(...right.map((check) => ({ ...check, equals: "other" })))).toEqual([
      "number: 2",
      "truth: true",
      "nothing: null",
      'rows: [{"id":1,"code":"x"},{"id":2,"code":"x"}]',
      "none: []",
      'json: {"a":[1]}',
    ]);
  });

  it("never change anything and never hang", async () => {
    await session.batch(
      "CREATE FUNCTION sneaky() RETURNS int LANGUAGE sql AS 'INSERT INTO orders (id) VALUES (9) RETURNING id'",
    );
    const found = await ask(
      { name: "write", sql: "DELETE FROM orders", equals: 1 },
      { name: "two", sql: "SELECT 1; DROP TABLE orders", equals: 1 },
      {
        name: "cte",
        sql: "WITH x AS (DELETE FROM orders RETURNING id) SELECT * FROM x",
        equals: 1,
      },
      { name: "function", sql: "SELECT sneaky()", equals: 9 },
      { name: "escape", sql: "SELECT 1) q; DROP TABLE orders; --", equals: 1 },
      { name: "commit", sql: "COMMIT", equals: 1 },
      { name: "fine", sql: "SELECT 1", equals: 1 },
      { name: "slow", sql: "SELECT pg_sleep(60)", equals: 1 },
      { name: "last", sql: "SELECT 2", equals: 3 },
    );
    expect(found).toEqual([
      'write: a text that is not one SELECT: "DELETE FROM orders"',
      'two: a text that is not one SELECT: "SELECT 1; DROP TABLE orders"',
      'escape: a text that is not one SELECT: "SELECT 1) q; DROP TABLE orders; --"',
      'commit: a text that is not one SELECT: "COMMIT"',
      "cte: WITH clause containing a data-modifying statement must be at the top level",
      "function: cannot execute INSERT in a read-only transaction",
      "slow: no answer within 5000 ms",
      "last: 2",
    ]);
    expect((await session.query("SELECT FROM orders")).rowCount).toBe(0);
  });
});

describe("the release's role", () => {
  beforeEach(async () => {
    await session.batch(
      "DO $$ BEGIN CREATE ROLE shop_app; EXCEPTION WHEN duplicate_object THEN END $$; REVOKE USAGE ON SCHEMA public FROM PUBLIC",
    );
  });

  it("must be there", async () => {
    expect((await gate({ ...contract, role: "nobody_like_this" })).found).toEqual([
      "error missing-privilege nobody_like_this",
    ]);
  });

  it("must be let to what the code does", async () => {
    const wanted = { ...contract, role: "shop_app" };
    const { open, differences } = await gate(wanted);
    expect(open).toBe(false);
    expect(differences.map(({ next }) => next)).toEqual([
      "GRANT USAGE ON SCHEMA public TO shop_app",
      "GRANT SELECT, INSERT, UPDATE, DELETE ON public.items TO shop_app",
      "GRANT SELECT ON public.notes TO shop_app",
      "GRANT SELECT, INSERT, UPDATE, DELETE ON public.orders TO shop_app",
      "GRANT USAGE ON SEQUENCE public.items_id_seq TO shop_app",
    ]);
    for (const { next } of differences) await session.query(next);
    expect((await gate(wanted)).found).toEqual([]);
    await session.batch(
      "REVOKE ALL ON items FROM shop_app; GRANT SELECT, INSERT, UPDATE (order_id), DELETE ON items TO shop_app",
    );
    expect((await gate(wanted)).differences.map(({ next }) => next)).toEqual([
      "GRANT UPDATE ON public.items TO shop_app",
    ]);
    await session.query("GRANT UPDATE (id, order_id) ON items TO shop_app");
    expect((await gate(wanted)).found).toEqual([]);
  });

  it("may not be shut out by row security", async () => {
    const wanted = { ...contract, role: "shop_app" };
    await session.batch(
      "GRANT USAGE ON SCHEMA public TO shop_app; GRANT ALL ON ALL TABLES IN SCHEMA public TO shop_app; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO shop_app; ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
    );
    expect((await gate(wanted)).found).toEqual([
      "error row-security public.orders",
      "warning row-security public.orders",
    ]);
    await session.batch("CREATE POLICY all_rows ON orders TO shop_app USING (true)");
    expect((await gate(wanted)).found).toEqual(["warning row-security public.orders"]);
  });
});

describe("what stands for something else", () => {
  it("lets a view stand for a table that was renamed under it", async () => {
    await session.batch(
      "ALTER TABLE orders RENAME TO purchases; CREATE VIEW orders AS SELECT * FROM purchases",
    );
    const { open, found } = await gate();
    expect(open).toBe(true);
    expect(found).toContain("warning wrong-kind public.orders");
  });

  it("refuses a view that the code's statements cannot use", async () => {
    await session.batch(
      "ALTER TABLE orders RENAME TO purchases; CREATE VIEW orders AS SELECT DISTINCT * FROM purchases",
    );
    const { open, differences } = await gate();
    expect(open).toBe(false);
    expect(differences[0]).toMatchObject({ kind: "wrong-kind", object: "public.orders" });
    expect(differences[0]!.found).toContain("cannot insert into view");
  });

  it("refuses a materialized view, and takes a table for a view", async () => {
    await session.batch(
      "DROP VIEW notes; ALTER TABLE orders RENAME TO purchases; CREATE MATERIALIZED VIEW orders AS SELECT * FROM purchases; CREATE TABLE notes (note text)",
    );
    expect((await gate()).found.filter((one) => one.startsWith("error"))).toEqual([
      "error wrong-kind public.orders",
    ]);
  });

  it("finds unqualified tables as the search path does", async () => {
    const wanted = {
      ...contract,
      tables: contract.tables.map((one) => ({ ...one, unqualified: true })),
    };
    await session.batch("CREATE SCHEMA tenant; CREATE TABLE tenant.orders (id int)");
    expect((await gate(wanted)).open).toBe(true);
    await session.query("SET search_path = tenant, public");
    const { open, found } = await gate(wanted);
    expect(open).toBe(false);
    expect(found).toContain("error missing-column tenant.orders.email");
    await session.batch(
      "DROP TABLE tenant.orders; CREATE TABLE tenant.orders (LIKE public.orders INCLUDING ALL); CREATE TABLE tenant.items (LIKE public.items INCLUDING ALL); ALTER TABLE tenant.items ADD FOREIGN KEY (order_id) REFERENCES tenant.orders ON DELETE CASCADE",
    );
    expect((await gate(wanted)).found).toEqual([]);
  });
});

describe("indexes and constraints that are not in force", () => {
  it("tell an invalid unique index from an invalid plain one", async () => {
    await session.batch(
      "UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('items_order'::regclass, 'orders_email_key'::regclass)",
    );
    expect((await gate()).found).toEqual([
      "error invalid-index public.orders.orders_email_key",
      "warning invalid-index public.items_order",
    ]);
  });

  it("name what was never validated", async () => {
    await session.batch(
      "ALTER TABLE items DROP CONSTRAINT items_order_id_fkey, ADD CONSTRAINT items_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders ON DELETE CASCADE NOT VALID",
    );
    const { open, differences } = await gate();
    expect(open).toBe(true);
    expect(differences).toMatchObject([
      {
        kind: "not-validated",
        next: 'ALTER TABLE "public"."items" VALIDATE CONSTRAINT "items_order_id_fkey"',
      },
    ]);
  });
});

describe("a gate", () => {
  it("asks in at most twelve round trips and changes nothing", async () => {
    const asked: string[] = [];
    const counted = new Proxy(session, {
      get: (target, name) => {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== "function") return member;
        return (...values: unknown[]) => {
          asked.push(String(values[0]));
          return Reflect.apply(member, target, values) as unknown;
        };
      },
    });
    const wanted = {
      ...contract,
      role: "postgres",
      tables: contract.tables.map((one) => ({ ...one, unqualified: true })),
      checks: [{ name: "one", sql: "SELECT 1", equals: 1 }],
    };
    await session.query("SET default_transaction_read_only = on");
    await runGate({ contract: wanted, database: counted, environment: "test", env: {} });
    expect(asked.length).toBeLessThanOrEqual(12);
  });
});
