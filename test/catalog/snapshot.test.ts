import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  catalogParts,
  diff,
  fingerprint,
  introspect,
  qualifiedName,
  type CatalogClient,
} from "../../src/catalog/index.ts";
import { LockstepError } from "../../src/errors/index.ts";
import type { Session } from "../../src/pg/index.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { open, openFixture, startWithFixture } from "./database.ts";

let scratch: Scratch;
let session: Session;

beforeAll(async () => {
  scratch = await startWithFixture(18);
  session = await openFixture(scratch);
});
afterAll(async () => {
  await session.close();
  await scratch.close();
});

/** Counts round trips and says which texts were sent. */
function counting(client: Session): CatalogClient & { readonly sent: string[] } {
  const sent: string[] = [];
  return {
    sent,
    query(text, params) {
      sent.push(text);
      return client.query(text, params);
    },
  };
}

it("takes nine round trips, however many tables there are", async () => {
  const client = counting(session);
  await introspect(client);
  expect(client.sent).toHaveLength(9);
  const empty = await open((await scratch.createDatabase()).url);
  const other = counting(empty);
  await introspect(other);
  expect(other.sent).toHaveLength(9);
  await empty.close();
});

it("reads only the parts that are asked for, with fewer round trips", async () => {
  const client = counting(session);
  const enums = await introspect(client, { parts: ["enums", "schemas"] });
  expect(Object.keys(enums).sort()).toEqual(["enums", "schemas", "serverMajor"]);
  expect(client.sent).toHaveLength(4);
  const whole = await introspect(session);
  for (const part of catalogParts) {
    const alone = await introspect(session, { parts: [part] });
    expect(Object.keys(alone), part).toEqual(["serverMajor", part]);
    if (part !== "comments" && part !== "grants") expect(alone[part], part).toEqual(whole[part]);
  }
  const noted = await introspect(session, { parts: ["sequences", "comments", "grants"] });
  expect(Object.keys(noted.comments)).toEqual(["sequence shop.order_numbers"]);
  expect(Object.keys(noted.grants)).toEqual(["sequence shop.order_numbers"]);
});

it("sends one text at a time, and what it sees of it is of one snapshot", async () => {
  const { url } = await scratch.createDatabase();
  await using reader = await open(url);
  await using writer = await open(url);
  await writer.batch(
    "CREATE TABLE t (a int); CREATE RULE x AS ON INSERT TO t DO INSTEAD NOTHING; COMMENT ON TABLE t IS 'gone'",
  );
  let sent = 0;
  let isBusy = false;
  const { rules, comments } = await introspect({
    async query(text, params) {
      if (isBusy) throw new Error(`asked while it was busy: ${text}`);
      isBusy = true;
      const answer = await reader.query(text, params);
      // The snapshot is taken by the first query behind BEGIN; VACUUM says at once that the table has no rules.
      if (++sent === 2)
        for (const sql of ["DROP RULE x ON t", "COMMENT ON TABLE t IS NULL", "VACUUM t"])
          await writer.query(sql);
      isBusy = false;
      return answer;
    },
  });
  expect(Object.keys(rules)).toEqual(["public.t.x"]);
  expect(comments).toEqual({ "table public.t": "gone" });
});

it("refuses to compare catalogs with different parts", async () => {
  const tables = await introspect(session, { parts: ["tables"] });
  const both = await introspect(session, { parts: ["tables", "views"] });
  await expect(diff(tables, both)).rejects.toMatchObject({
    code: "internal",
    explanation: { expected: "tables", found: "tables, views" },
  });
});

it("limits itself to the schemas that are asked for, but names what they refer to", async () => {
  const one = await introspect(session, { schemas: ["public"] });
  expect(one.schemas).toEqual([{ name: "public" }]);
  expect(Object.keys(one.tables).every((name) => name.startsWith("public."))).toBe(true);
  expect(one.tables["public.order"]?.constraints).toMatchObject([
    {
      kind: "foreign-key",
      references: { table: '"Odd Schema"."Odd.Table"', columns: ['Col "quoted"'] },
      definition:
        'FOREIGN KEY ("table") REFERENCES "Odd Schema"."Odd.Table"("Col ""quoted""") ON DELETE CASCADE',
    },
  ]);
  const none = await introspect(session, { schemas: ["absent", "pg_catalog", "lockstep"] });
  expect(none.schemas).toEqual([]);
  expect(none.tables).toEqual({});
});

it("takes schema names as values, never as SQL", async () => {
  const catalog = await introspect(session, {
    schemas: ["x'); DROP TABLE shop.orders; --", "Odd Schema"],
    ignore: [{ schema: "Odd Schema", table: "Odd.Table" }],
  });
  expect(catalog.schemas).toEqual([{ name: "Odd Schema" }]);
  expect(catalog.tables).toEqual({});
});

it("leaves out what is ignored, with all that hangs on it", async () => {
  const catalog = await introspect(session, {
    ignore: [
      { schema: "shop", table: "counters" },
      { schema: "shop", table: "orders" },
      { schema: "Odd Schema" },
    ],
  });
  const text = JSON.stringify(catalog);
  expect(text).not.toContain("counters");
  expect(text).not.toContain("shop.orders.");
  expect(catalog.schemas.map(({ name }) => name)).toEqual(["bare", "ext", "public", "shop"]);
  expect(catalog.tables[qualifiedName("public", "order")]).toBeDefined();
});

it("reads uncommitted changes inside the caller's transaction and leaves it open", async () => {
  await session.batch(
    "BEGIN; SET LOCAL search_path = shop; CREATE TABLE shop.uncommitted (id integer)",
  );
  const catalog = await introspect(session, { transaction: "caller" });
  expect(catalog.tables["shop.uncommitted"]).toBeDefined();
  const { rows } = await session.query("SELECT current_setting('search_path') AS path");
  expect(rows).toEqual([{ path: "shop" }]);
  await session.batch("ROLLBACK");
  expect((await introspect(session)).tables["shop.uncommitted"]).toBeUndefined();
});

it("puts the session's settings back and writes nothing", async () => {
  await session.batch("SET search_path = shop; SET TimeZone = 'Asia/Tokyo'");
  const before = await session.query("SELECT name, setting FROM pg_settings ORDER BY name");
  const client = counting(session);
  await introspect(client);
  expect(client.sent[0]).toMatch(/^BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;/);
  const after = await session.query("SELECT name, setting FROM pg_settings ORDER BY name");
  expect(after.rows).toEqual(before.rows);
  await session.batch("RESET ALL");
});

it("needs no privileges on what it reads", async () => {
  const all = await introspect(session);
  await session.batch("SET ROLE app_reader");
  const seen = await introspect(session);
  await session.batch("RESET ROLE");
  expect(JSON.stringify(seen)).toBe(JSON.stringify(all));
});

it("refuses a session that is inside a transaction unless told so", async () => {
  await session.batch("BEGIN; SELECT 1");
  await expect(introspect(session)).rejects.toMatchObject({
    code: "internal",
    explanation: { what: "the catalog was read on a session that was inside a transaction" },
  });
  await session.batch("ROLLBACK");
});

it("says so when a lock keeps it from reading in time, and leaves the session usable", async () => {
  const blocker = await openSame();
  await blocker.batch("BEGIN; LOCK TABLE shop.orders");
  await session.batch("SET lock_timeout = 50");
  await expect(introspect(session)).rejects.toMatchObject({ code: "lock-timeout" });
  await blocker.close();
  await session.batch("RESET lock_timeout");
  expect((await introspect(session)).tables["shop.orders"]).toBeDefined();
});

it("does not wait for a table that is locked when nothing of it has to be printed", async () => {
  const blocker = await openSame();
  await blocker.batch("BEGIN; LOCK TABLE shop.sixteen, shop.seventeen_a, shop.hashed_0");
  await session.batch("SET lock_timeout = 50");
  const { tables } = await introspect(session);
  expect(tables["shop.sixteen"]?.columns[1]?.default).toBe("31");
  expect(tables["shop.seventeen_a"]?.columns[0]?.identity?.generation).toBe("always");
  await blocker.close();
  await session.batch("RESET lock_timeout");
});

it("gives whole catalogs while another session keeps making and dropping objects", async () => {
  const other = await openSame();
  let running = true;
  const busy = (async () => {
    while (running) {
      await other.query(`CREATE TABLE shop.flicker (id serial PRIMARY KEY, n integer CHECK (n > 0),
        m integer GENERATED ALWAYS AS (n + 1) STORED)`);
      await other.query("CREATE INDEX flicker_n ON shop.flicker ((n + 1)) WHERE n > 1");
      await other.query("CREATE VIEW shop.flicker_view AS SELECT n FROM shop.flicker");
      await sleep(20);
      await other.query("DROP VIEW shop.flicker_view");
      await other.query("DROP TABLE shop.flicker");
      await sleep(20);
    }
  })();
  const client = counting(session);
  const rounds = 40;
  let seen = 0;
  for (let round = 0; round < rounds; round++) {
    const catalog = await introspect(client);
    const flicker = catalog.tables["shop.flicker"];
    if (flicker === undefined) continue;
    seen++;
    expect(flicker.columns.map(({ name }) => name)).toEqual(["id", "n", "m"]);
    expect(flicker.constraints.map(({ kind }) => kind).sort()).toEqual(["check", "primary-key"]);
    expect(catalog.sequences["shop.flicker_id_seq"]?.ownedBy?.table).toBe("shop.flicker");
  }
  running = false;
  await busy;
  await other.close();
  expect(seen, "rounds that met the table").toBeGreaterThan(0);
  expect(client.sent.length, "some reads were disturbed and repeated").toBeGreaterThan(8 * rounds);
});

it("explains a lost connection", async () => {
  const doomed = await openSame();
  const pid = await doomed.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  await session.query("SELECT pg_terminate_backend($1)", [pid.rows[0]?.pid]);
  await doomed.lost;
  const failure = await introspect(doomed).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(LockstepError);
  expect(failure).toMatchObject({ code: "connection-lost" });
});

it("ignores the order of columns and minds names of NOT NULL constraints when told to", async () => {
  const before = await introspect(session);
  await session.batch(`BEGIN;
    ALTER TABLE shop.row_typed DROP buyer; ALTER TABLE shop.row_typed ADD buyer shop.customers;
    ALTER TABLE shop.eighteen RENAME CONSTRAINT later_set TO renamed`);
  const after = await introspect(session, { transaction: "caller" });
  await session.batch("ROLLBACK");
  const kinds = async (options: Parameters<typeof diff>[2]) =>
    (await diff(before, after, options)).map(({ kind }) => kind);
  expect(await kinds({})).toEqual(["column-order-changed"]);
  expect(await kinds({ columnOrder: false })).toEqual([]);
  expect(await kinds({ columnOrder: false, notNullNames: true })).toEqual([
    "not-null-name-changed",
  ]);
  const same = { columnOrder: false };
  expect(await fingerprint(after, same)).toBe(await fingerprint(before, same));
  const strict = { columnOrder: false, notNullNames: true };
  expect(await fingerprint(after, strict)).not.toBe(await fingerprint(before, strict));
});

async function openSame(): Promise<Session> {
  const { rows } = await session.query<{ name: string }>("SELECT current_database() AS name");
  const url = new URL(scratch.url);
  url.pathname = `/${rows[0]?.name}`;
  return open(url.toString());
}
