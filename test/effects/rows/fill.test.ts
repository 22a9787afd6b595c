import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fillTables } from "../../../src/effects/rows/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";

const types = `
  bool, "char", name, text, varchar(3), char(2), bytea, int2, int4, int8, numeric, numeric(4,2), numeric(20,0), float4, float8,
  money, date, time, timetz, timestamp, timestamptz, interval, uuid, json, jsonb, jsonpath, xml, inet, cidr, macaddr, macaddr8,
  bit(5), varbit(7), point, line, lseg, box, path, polygon, circle, tsvector, tsquery, oid, regclass, regtype, regproc, pg_lsn, xid, xid8,
  int4range, int8range, numrange, daterange, tsrange, tstzrange, int4multirange, nummultirange, text[], int4[], mood, mood[], pair,
  positive, span`;

const own = `
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
  CREATE TYPE pair AS (a int, b mood);
  CREATE DOMAIN positive AS int CHECK (VALUE > 0) NOT NULL;
  CREATE TYPE span AS RANGE (subtype = float8);`;

/** A list of types is parted at commas outside parentheses. */
const columns = types
  .split(/,(?![^(]*\))/)
  .map((type, index) => `c${index} ${type.trim()} NOT NULL`)
  .join(", ");

describe.each([14, 18])("rows on %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(async () => scratch.close());

  async function fill(schema: string, rows = 60) {
    const database = await scratch.createDatabase();
    const session = await Session.open({ url: database.url, applicationName: "test" });
    await session.batch(schema);
    const result = await fillTables(session, rows);
    const value = async (query: string) => (await session.queryArrays(query))[0]![0];
    return { result, session, value, [Symbol.asyncDispose]: async () => session.close() };
  }

  it("are made of all types", async () => {
    await using filled = await fill(`${own} CREATE TABLE t (${columns})`);
    expect(filled.result.left).toEqual([]);
    expect(await filled.value("SELECT count(*)::int FROM t")).toBe(60);
  });

  it("obey keys, foreign keys, conditions, identities and generated columns", async () => {
    await using filled = await fill(`
      CREATE TABLE orgs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, slug varchar(40) UNIQUE);
      CREATE TABLE users (org bigint REFERENCES orgs, nr smallint, email text NOT NULL UNIQUE, boss_org bigint, boss smallint,
        up text GENERATED ALWAYS AS (upper(email)) STORED,
        status text NOT NULL CHECK (status IN ('new', 'old')), size int CHECK (size BETWEEN 3 AND 5), hash bytea CHECK (octet_length(hash) = 32),
        PRIMARY KEY (org, nr), FOREIGN KEY (boss_org, boss) REFERENCES users (org, nr));
      CREATE TABLE pairs (a bigint NOT NULL REFERENCES orgs, b bigint NOT NULL REFERENCES orgs, CHECK (a <> b));
      CREATE TABLE two (yes boolean UNIQUE, org varchar(50) REFERENCES orgs (slug));
      CREATE TABLE late (id int PRIMARY KEY, two boolean REFERENCES two (yes), UNIQUE (two) DEFERRABLE)`);
    expect(filled.result.left).toEqual([]);
    for (const table of ["orgs", "users", "pairs"])
      expect(await filled.value(`SELECT count(*)::int FROM ${table}`)).toBe(60);
    // Postgres' own checks, over all rows.
    const checks = await filled.session.queryArrays(`
      SELECT format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE contype IN ('f', 'c') AND conrelid <> 0`);
    expect(checks.length).toBeGreaterThan(7);
    for (const [check] of checks) await filled.session.query(String(check));
  });

  it("have whatever the schema allows besides", async () => {
    await using filled = await fill(
      "CREATE TABLE t (id int PRIMARY KEY, word varchar(90), n int NOT NULL)",
    );
    expect(await filled.value("SELECT count(*) FILTER (WHERE word IS NULL) > 0 FROM t")).toBe(true);
    expect(await filled.value("SELECT max(length(word)) FROM t")).toBe(90);
    expect(await filled.value("SELECT min(n) < 0 AND max(n) > 32767 FROM t")).toBe(true);
    expect(await filled.value("SELECT count(DISTINCT n) < count(n) FROM t")).toBe(true);
  });

  it("lie within the bounds of partitions", async () => {
    await using filled = await fill(`
      CREATE TABLE by_day (day date, id bigint, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
      CREATE TABLE one_day PARTITION OF by_day FOR VALUES FROM ('1999-12-31') TO ('2000-01-01');
      CREATE TABLE other_days PARTITION OF by_day DEFAULT;
      CREATE TABLE by_kind (kind text) PARTITION BY LIST (kind);
      CREATE TABLE kinds PARTITION OF by_kind FOR VALUES IN ('a', 'b');
      CREATE TABLE by_hash (id int) PARTITION BY HASH (id);
      CREATE TABLE hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 4, REMAINDER 0)`);
    expect(filled.result.left).toEqual([]);
    for (const table of ["one_day", "other_days", "kinds", "hash_0"])
      expect(await filled.value(`SELECT count(*) > 0 FROM ${table}`)).toBe(true);
  });

  it("are not made for tables that have some, and fire no trigger", async () => {
    await using filled = await fill(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'fired'; END $$;
      CREATE TABLE seeds (id int PRIMARY KEY); INSERT INTO seeds VALUES (1), (2);
      CREATE TABLE t (seed int NOT NULL REFERENCES seeds);
      CREATE TRIGGER refuse BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION refuse()`);
    expect(filled.result.filled.size).toBe(1);
    expect(await filled.value("SELECT count(*)::int FROM seeds")).toBe(2);
    expect(await filled.value("SELECT array_agg(DISTINCT seed ORDER BY seed) FROM t")).toEqual([
      1, 2,
    ]);
  });

  it("are given up by name where none are found", async () => {
    await using filled = await fill(`
      CREATE TABLE impossible (a int CHECK (a > 5 AND a < 3) NOT NULL);
      CREATE TABLE child (id int NOT NULL, a int NOT NULL);
      ALTER TABLE impossible ADD UNIQUE (a);
      ALTER TABLE child ADD FOREIGN KEY (a) REFERENCES impossible (a);
      CREATE TABLE fine (a int)`);
    expect(filled.result.left).toEqual([
      { relation: "public.impossible", reason: expect.stringContaining("CHECK") },
      { relation: "public.child", reason: "column a refers to a table that has no rows" },
    ]);
    expect(filled.result.filled.size).toBe(1);
  });

  it("are the same for the same schema", async () => {
    const schema = "CREATE TABLE t (id uuid PRIMARY KEY, at timestamptz, n numeric(6,2))";
    const texts: unknown[] = [];
    for (let run = 0; run < 2; run++) {
      await using filled = await fill(schema);
      texts.push(await filled.value("SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM t"));
    }
    expect(texts[0]).toBe(texts[1]);
  });
});
