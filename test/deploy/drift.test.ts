import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { Product, unwrapped } from "./product.ts";

let scratch: Scratch;
let product: Product;

const history = `
  CREATE TYPE state AS ENUM ('new', 'paid');
  CREATE TABLE orders (id int PRIMARY KEY, total numeric DEFAULT 0, email text NOT NULL UNIQUE, state state);
  CREATE TABLE customers (id int PRIMARY KEY);
  CREATE INDEX orders_total ON orders (total);
  CREATE VIEW paid AS SELECT id FROM orders WHERE state = 'paid';
  CREATE FUNCTION double(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
  CREATE SEQUENCE receipts;
`;

beforeAll(async () => {
  scratch = await startScratch();
  product = await Product.make(scratch, { migrations: { "0001_shop.sql": history } });
  product.folder.write("history/0001_shop.sql", history);
  await product.run(["migrate", "--folder", "history"]);
});

afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await scratch.close();
});

/** What `status` says after a change by hand, which is taken back afterwards. */
async function driftAfter(change: string, back: string): Promise<string> {
  await product.ask(change);
  try {
    const { exitCode, stdout } = await product.run(["status", "--folder", "history"]);
    expect(exitCode).toBe(1);
    const [, drift] = /changed by hand\n\n([\s\S]*?)\n\nno deploy has been verified/.exec(stdout)!;
    return unwrapped(drift!);
  } finally {
    await product.ask(back);
  }
}

describe("a change by hand is named with what the migrations make and what is there", () => {
  it.each([
    [
      "ALTER TABLE orders ADD note varchar(40) NOT NULL DEFAULT ''",
      "ALTER TABLE orders DROP note",
      "drift: column public.orders.note expected no migration makes it found character varying(40) NOT NULL DEFAULT ''::character varying",
    ],
    [
      "ALTER TABLE orders ALTER total TYPE bigint",
      "ALTER TABLE orders ALTER total TYPE numeric",
      "drift: type of column public.orders.total expected numeric found bigint",
    ],
    [
      "ALTER TABLE orders ALTER email DROP NOT NULL",
      "ALTER TABLE orders ALTER email SET NOT NULL",
      "drift: nullability of column public.orders.email expected NOT NULL found nullable",
    ],
    [
      "ALTER TABLE orders ALTER total DROP DEFAULT",
      "ALTER TABLE orders ALTER total SET DEFAULT 0",
      "drift: default of column public.orders.total expected 0 found none",
    ],
    [
      "ALTER TYPE state ADD VALUE 'refunded'",
      "DROP VIEW paid; ALTER TABLE orders ALTER state TYPE text; DROP TYPE state; CREATE TYPE state AS ENUM ('new', 'paid'); ALTER TABLE orders ALTER state TYPE state USING state::state; CREATE VIEW paid AS SELECT id FROM orders WHERE state = 'paid'",
      "drift: enum value public.state expected no migration makes it found refunded",
    ],
    [
      "ALTER TABLE orders DROP CONSTRAINT orders_email_key",
      "ALTER TABLE orders ADD UNIQUE (email)",
      "drift: constraint public.orders.orders_email_key expected UNIQUE (email) found it is not there",
    ],
    [
      "ALTER TABLE orders ADD CONSTRAINT cheap CHECK (total < 100) NOT VALID",
      "ALTER TABLE orders DROP CONSTRAINT cheap",
      "drift: constraint public.orders.cheap expected no migration makes it found CHECK ((total < (100)::numeric)) NOT VALID",
    ],
    [
      "DROP INDEX orders_total",
      "CREATE INDEX orders_total ON orders (total)",
      "drift: index public.orders_total expected CREATE INDEX orders_total ON public.orders USING btree (total) found it is not there",
    ],
    [
      "CREATE OR REPLACE VIEW paid AS SELECT id FROM orders",
      "CREATE OR REPLACE VIEW paid AS SELECT id FROM orders WHERE state = 'paid'",
      "drift: definition of view public.paid expected SELECT id FROM public.orders WHERE (state = 'paid'::public.state); found SELECT id FROM public.orders;",
    ],
    [
      "CREATE OR REPLACE FUNCTION double(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 3'",
      "CREATE OR REPLACE FUNCTION double(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2'",
      "drift: body of routine public.double(integer) expected body SELECT n * 2 found body SELECT n * 3",
    ],
    [
      "DROP TABLE customers",
      "CREATE TABLE customers (id int PRIMARY KEY)",
      "drift: table public.customers expected with id found it is not there",
    ],
    [
      "ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
      "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
      "drift: row security public.orders expected enabled false found enabled true",
    ],
    [
      "CREATE SCHEMA by_hand",
      "DROP SCHEMA by_hand",
      "drift: schema by_hand expected no migration makes it found it is there",
    ],
  ])("%s", async (change, back, sentence) => {
    expect(await driftAfter(change, back)).toContain(sentence);
  });

  it("but not comments, grants, the order of columns, and the tool's own schema", async () => {
    await product.ask("COMMENT ON TABLE orders IS 'by hand'; GRANT SELECT ON orders TO PUBLIC");
    const { exitCode, stdout } = await product.run(["status", "--folder", "history"]);
    expect(stdout).toContain("no drift: the catalog is what the applied migrations make");
    expect(exitCode).toBe(0);
  });
});

describe("where it cannot be known, the reason is said", () => {
  it.each([
    [
      "a history that scratch cannot run",
      "CREATE TABLE a (id int); CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'nowhere', 'f';",
      /^drift not known: the applied migrations do not run on a scratch database/m,
    ],
  ])("%s", async (_, sql, reason) => {
    await using other = await Product.make(scratch, { migrations: { "0001_shop.sql": sql } });
    await other.ask("CREATE TABLE a (id int)");
    await other.run(["resolve", "0001_shop", "--as", "applied", "--force", "made by hand"]);
    const { exitCode, stdout } = await other.run(["status"]);
    expect(stdout).toMatch(reason);
    expect(exitCode).toBe(0);
  });

  it("a migration that is half applied, edited, or not in the folder", async () => {
    await using other = await Product.make(scratch);
    await other.run(["migrate"]);
    other.write({
      migrations: {
        "0003_half.sql": "CREATE TABLE a (id int);\n-- lockstep: no-transaction\nSELECT 1/0;",
      },
    });
    await other.run(["migrate"]);
    expect((await other.run(["status"])).stdout).toContain(
      "drift not known: 0003_half is applied in part",
    );
    other.write({
      migrations: { "0002_confirmed.sql": "SELECT 1;", "0003_half.sql": "SELECT 1;" },
    });
    await other.ask("DELETE FROM lockstep.unit");
    expect((await other.run(["status"])).stdout).toContain(
      "drift not known: 0002_confirmed was edited after it was applied",
    );
    await other.ask("UPDATE lockstep.migration SET id = '0000_other' WHERE id = '0002_confirmed'");
    expect((await other.run(["status"])).stdout).toContain(
      "drift not known: 0000_other is not in this folder",
    );
  });
});
