import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js";
import pg from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runGate } from "../../src/gate/index.ts";
import { assertContract, ContractError, readiness } from "../../src/runtime/index.ts";
import { startScratch, supportedMajors, type Scratch } from "../../src/scratch/index.ts";
import { makeShop, type Shop } from "./database.ts";

/** A connection that counts what is sent through it. */
class Counted {
  readonly texts: string[] = [];
  readonly #client: pg.Client;
  constructor(client: pg.Client) {
    this.#client = client;
  }
  query(text: string, values: unknown[]) {
    this.texts.push(text);
    return this.#client.query(text, values);
  }
}

async function counted(
  url: string,
): Promise<{ readonly db: Counted; readonly end: () => Promise<void> }> {
  const client = new pg.Client(url);
  await client.connect();
  return { db: new Counted(client), end: () => client.end() };
}

/** Other lines of Node try one (scripts/node-lines.mjs). */
const majors = process.env["LOCKSTEP_TEST_MAJORS"]?.split(",").map(Number) ?? supportedMajors;

describe.each(majors)("assertContract on Postgres %i", (major) => {
  let scratch: Scratch;
  let shop: Shop;

  beforeAll(async () => {
    scratch = await startScratch({ major });
    shop = await makeShop(scratch, { ledger: true });
  });

  afterAll(async () => {
    await shop.session.close();
    await scratch.close();
  });

  it("compares once, notes it without any grant, and then asks one question a start", async () => {
    const { db, end } = await counted(shop.appUrl);
    await assertContract(db, shop.contract);
    expect(db.texts).toHaveLength(3);
    db.texts.length = 0;
    await assertContract(db, shop.contract);
    expect(db.texts).toHaveLength(1);
    expect(db.texts[0]).toContain("is_verified");
    await end();
  });

  it("starts quickly after a deploy whose gate was recorded", async () => {
    const fresh = await makeShop(scratch, { ledger: true });
    const { open } = await runGate({
      contract: fresh.contract,
      database: fresh.session,
      environment: "test",
      record: true,
    });
    expect(open).toBe(true);
    const { db, end } = await counted(fresh.appUrl);
    await assertContract(db, fresh.contract);
    expect(db.texts).toHaveLength(1);
    await end();
    await fresh.session.close();
  });

  it("names what is missing, where it is written and what it does", async () => {
    const fresh = await makeShop(scratch, { ledger: true });
    const { db, end } = await counted(fresh.appUrl);
    await assertContract(db, fresh.contract);
    await fresh.session.batch(
      "ALTER TABLE orders DROP COLUMN created_at; ALTER TABLE customers ALTER COLUMN note SET NOT NULL",
    );
    const error = await assertContract(db, fresh.contract).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ContractError);
    const { differences, message } = error as ContractError;
    expect(differences.map(({ kind, object }) => `${kind} ${object}`)).toEqual([
      "wrong-nullability public.customers.note",
      "missing-column public.orders.created_at",
    ]);
    expect(message).toContain("release v7 does not fit this database: 2 differences");
    expect(message).toContain("next  lockstep gate");
    await fresh.session.batch(
      "ALTER TABLE orders ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(); ALTER TABLE customers ALTER COLUMN note DROP NOT NULL",
    );
    await assertContract(db, fresh.contract);
    await end();
    await fresh.session.close();
  });
});

describe("assertContract", () => {
  let scratch: Scratch;
  let shop: Shop;

  beforeAll(async () => {
    scratch = await startScratch();
    shop = await makeShop(scratch, { ledger: false });
  });

  afterAll(async () => {
    await shop.session.close();
    await scratch.close();
  });

  it("works without schema lockstep, and says why it is slower", async () => {
    const { db, end } = await counted(shop.appUrl);
    const warnings: string[] = [];
    await assertContract(db, shop.contract, { onWarning: (message) => warnings.push(message) });
    expect(warnings).toEqual([
      'no quick check, everything is compared: schema "lockstep" does not exist',
    ]);
    await end();
  });

  const pool = () => new pg.Pool({ connectionString: shop.url, max: 1 });
  const connections: Readonly<
    Record<string, () => { readonly db: unknown; readonly end: () => Promise<unknown> }>
  > = {
    "a pg Pool": () => {
      const db = pool();
      return { db, end: () => db.end() };
    },
    "postgres.js": () => {
      const db = postgres(shop.url, { max: 1, onnotice: () => {} });
      return { db, end: () => db.end() };
    },
    "Drizzle over pg": () => {
      const client = pool();
      return { db: drizzlePg(client), end: () => client.end() };
    },
    "Drizzle over postgres.js": () => {
      const client = postgres(shop.url, { max: 1, onnotice: () => {} });
      return { db: drizzlePostgres(client), end: () => client.end() };
    },
    "what a Prisma client offers": () => {
      const client = pool();
      const $queryRawUnsafe = async (text: string, ...values: unknown[]) =>
        (await client.query(text, values)).rows;
      return { db: { $queryRawUnsafe }, end: () => client.end() };
    },
  };

  it.each(Object.keys(connections))("asks through %s", async (name) => {
    const { db, end } = connections[name]!();
    await assertContract(db, shop.contract);
    const wrong = { ...shop.contract, hash: "0".repeat(64) };
    const [table] = wrong.tables;
    const changed = { ...table!, name: "gone" };
    await expect(assertContract(db, { ...wrong, tables: [changed] })).rejects.toThrow(
      "public.gone: missing-table",
    );
    await end();
  });

  it("refuses what is no connection", async () => {
    await expect(assertContract({}, shop.contract)).rejects.toThrow("application's connection");
  });

  it("reads the contract as JSON gives it", async () => {
    const { db, end } = await counted(shop.url);
    await assertContract(db, JSON.parse(JSON.stringify(shop.contract)));
    await end();
  });

  it("refuses a contract of a newer format", async () => {
    const { db, end } = await counted(shop.url);
    await expect(assertContract(db, { ...shop.contract, version: 2 })).rejects.toThrow("newer");
    await end();
  });

  it("misses environment variables", async () => {
    const { db, end } = await counted(shop.url);
    const contract = {
      ...shop.contract,
      env: [{ name: "SHOP_KEY", from: "lockstep.config.ts:4" }],
    };
    await expect(assertContract(db, contract, { env: { SHOP_KEY: " " } })).rejects.toThrow(
      "SHOP_KEY",
    );
    await assertContract(db, contract, { env: { SHOP_KEY: "x" } });
    await end();
  });

  it("sees a table in front of the expected one in the search path", async () => {
    const fresh = await makeShop(scratch, { ledger: true });
    const tables = fresh.contract.tables.map((table) => ({ ...table, unqualified: true }));
    const contract = { ...fresh.contract, tables };
    const { db, end } = await counted(fresh.url);
    await fresh.session.batch("CREATE SCHEMA tenant");
    await db.query("SET search_path = tenant, public", []);
    await assertContract(db, contract);
    await assertContract(db, contract);
    await fresh.session.batch("CREATE TABLE tenant.orders (id integer)");
    await expect(assertContract(db, contract)).rejects.toThrow("tenant.orders.id");
    await end();
    await fresh.session.close();
  });

  it("answers readiness in the ways frameworks want", async () => {
    const { db, end } = await counted(shop.url);
    const ready = readiness(db, shop.contract);
    expect(await ready()).toEqual({ ready: true, release: "v7", differences: [] });
    expect((await ready.fetch()).status).toBe(200);
    const sent: string[] = [];
    const response = { statusCode: 0, setHeader: () => {}, end: (text: string) => sent.push(text) };
    const broken = readiness(db, { ...shop.contract, version: 9 });
    await broken.node({}, response);
    expect(response.statusCode).toBe(503);
    expect(JSON.parse(sent[0]!)).toMatchObject({ ready: false, release: "v7" });
    await end();
    expect(await ready()).toMatchObject({ ready: false });
  });
});
