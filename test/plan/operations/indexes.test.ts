import { expect } from "vitest";
import { testCases } from "./cases.ts";

const base = `
CREATE SCHEMA "Odd ""Schema""";
CREATE TABLE "Odd ""Schema"""."Some Table" (id integer PRIMARY KEY, "Mixed" text NOT NULL, tags text[], n integer);
INSERT INTO "Odd ""Schema"""."Some Table" SELECT n, 'M' || n, ARRAY['a'], n FROM generate_series(1, 40) n;
CREATE TABLE item (id integer PRIMARY KEY, name text, price numeric, note text);
CREATE INDEX item_name ON item (name);
CREATE UNIQUE INDEX item_id_price ON item (id, price);
INSERT INTO item SELECT n, 'name ' || n, n, NULL FROM generate_series(1, 40) n;
CREATE TABLE visit (at date NOT NULL, host text, n integer) PARTITION BY RANGE (at);
CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE "Visit New" PARTITION OF visit FOR VALUES FROM ('2021-01-01') TO ('2030-01-01') PARTITION BY RANGE (at);
CREATE TABLE visit_2021 PARTITION OF "Visit New" FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE INDEX visit_host ON visit (host);
INSERT INTO visit VALUES ('2020-02-02', 'a', 1), ('2021-02-02', 'b', 2);
CREATE MATERIALIZED VIEW prices AS SELECT id, price FROM item;
CREATE UNIQUE INDEX prices_id ON prices (id);
`;

const release = `
INSERT INTO item SELECT max(id) + 1, 'name ' || max(id) + 1, max(id) + 1 FROM item;
UPDATE item SET note = 'seen' WHERE id = 3;
INSERT INTO visit SELECT '2021-05-05', 'c' || count(*), count(*) FROM visit`;

const subject = {
  operation: "create, replace or drop an index",
  does: "built concurrently, on each partition; dropped concurrently in the contract phase",
};

testCases(subject, { base, old: release, new: release }, [
  {
    name: "a partial index over an expression of a table with odd names, with options",
    naive: `CREATE INDEX ON "Odd ""Schema"""."Some Table" (lower("Mixed") DESC, n) INCLUDE (id) WITH (fillfactor = 70) WHERE "Mixed" <> ' WHERE '`,
  },
  {
    name: "an index of another kind",
    naive: `CREATE INDEX "Tags ""of"" it" ON "Odd ""Schema"""."Some Table" USING gin (tags) TABLESPACE pg_default WHERE n > 0`,
    also: ({ backfill: [step] }) => {
      expect(step).toMatchObject({
        statement: expect.stringContaining('TABLESPACE "pg_default" WHERE'),
      });
    },
  },
  {
    name: "T38: a unique index, with a note that the old release's duplicates are refused from then on",
    // Of the others no two rows can be equal, so that nobody has to look for them.
    naive: `CREATE UNIQUE INDEX item_name_key ON item (name) WHERE price > 0;
CREATE UNIQUE INDEX ON item (name, id);
ALTER TABLE item ADD COLUMN code text; CREATE UNIQUE INDEX ON item (code)`,
    also: ({ notes }) =>
      expect(notes).toEqual([
        expect.stringMatching(/refuses duplicates.*\(WHERE its condition GROUP BY/),
      ]),
  },
  {
    name: "NULLs that are not distinct",
    from: 15,
    naive: "CREATE UNIQUE INDEX ON item (id, note) NULLS NOT DISTINCT",
  },
  {
    name: "an index of a partitioned table of two levels",
    naive: "CREATE INDEX ON visit (n, host)",
    also: ({ backfill }) =>
      expect(backfill.map(({ kind }) => kind)).toEqual(["outside", "outside", "transaction"]),
  },
  { name: "an index of a partition", naive: "CREATE INDEX ON visit_2021 (n)" },
  { name: "an index of a materialized view", naive: "CREATE INDEX ON prices (price)" },
  {
    name: "an index that is written the safe way, and one that is there",
    naive: `CREATE UNIQUE INDEX CONCURRENTLY item_price ON item (price);
CREATE INDEX IF NOT EXISTS item_name ON item (price)`,
    also: ({ expand, notes }) => {
      expect(expand).toEqual([]);
      expect(notes).toContainEqual(expect.stringContaining("is there already"));
    },
  },
  {
    name: "an index of a table that the migration makes",
    naive:
      "CREATE TABLE fresh (id integer); CREATE INDEX IF NOT EXISTS fresh_index ON fresh (id); CREATE INDEX ON fresh (id)",
    also: ({ expand }) => expect(expand).toHaveLength(3),
  },
  {
    name: "dropped indexes go in the contract phase",
    naive: "DROP INDEX item_name, item_id_price; DROP INDEX IF EXISTS nothing, prices_id",
    also: ({ expand, backfill, notes, exemptions }) => {
      expect([expand, backfill]).toEqual([[], []]);
      expect(notes[0]).toContain("drop index public.item_id_price: in the contract phase only");
      expect(exemptions).toEqual([
        { kind: "refuses-duplicates", relation: "public.item" },
        { kind: "refuses-duplicates", relation: "public.prices" },
      ]);
    },
    old: `${release}; INSERT INTO item VALUES (3, 'x', 3) ON CONFLICT (id, price) DO NOTHING`,
  },
  { name: "a dropped index of a partitioned table", naive: "DROP INDEX visit_host" },
  {
    name: "an index that takes the place of one of its name",
    naive: "DROP INDEX item_name; CREATE INDEX item_name ON item (lower(name))",
    also: ({ backfill }) => expect(backfill).toHaveLength(1),
  },
  {
    name: "unique indexes that others take the place of, one of them under its name",
    base: `${base}; CREATE UNIQUE INDEX visit_one ON visit (at, n);`,
    naive: `DROP INDEX item_id_price; CREATE UNIQUE INDEX item_id_price ON item (id, price, name);
CREATE UNIQUE INDEX visit_of_host ON visit (at, host, n); DROP INDEX visit_one`,
    old: `${release} ON CONFLICT (at, n) DO NOTHING; INSERT INTO item VALUES (1, 'x', 1) ON CONFLICT (id, price) DO NOTHING`,
    new: `${release} ON CONFLICT (at, host, n) DO NOTHING; INSERT INTO item VALUES (1, 'name 1', 1) ON CONFLICT (id, price, name) DO NOTHING`,
    also: ({ backfill, contract, notes }) => {
      const waits = expect.stringMatching(/who writes one key of .* waits for/);
      expect(backfill.slice(0, 2).map(({ title }) => title)).toEqual([waits, waits]);
      expect(contract.map(({ title }) => title)).toEqual([
        expect.stringContaining("has its name"),
        expect.stringContaining("item_id_price waits no longer"),
        expect.stringContaining("drop index"),
        expect.stringContaining("visit_one waits no longer"),
      ]);
      expect(notes).toContainEqual(
        expect.stringContaining("visit_one of public.visit has visit_of_host beside it"),
      );
    },
  },
  {
    name: "a partitioned table's index that takes the place of one of its name",
    naive: "DROP INDEX visit_host; CREATE INDEX visit_host ON visit (host, n)",
  },
]);
