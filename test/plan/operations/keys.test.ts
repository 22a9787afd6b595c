import { expect } from "vitest";
import { testCases } from "./cases.ts";

const base = `
CREATE TABLE "Key""s" (id integer NOT NULL, "Code" text, at date, n integer);
INSERT INTO "Key""s" SELECT n, 'c' || n, '2020-01-01'::date + n, n FROM generate_series(1, 40) n;
CREATE TABLE item (id integer CONSTRAINT item_pkey PRIMARY KEY, code text NOT NULL, place integer);
CREATE UNIQUE INDEX item_code ON item (code);
INSERT INTO item SELECT n, 'c' || n, n FROM generate_series(1, 40) n;
CREATE TABLE visit (at date NOT NULL, host text, n integer) PARTITION BY RANGE (at);
CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE visit_new PARTITION OF visit FOR VALUES FROM ('2021-01-01') TO ('2030-01-01') PARTITION BY RANGE (at);
CREATE TABLE visit_2021 PARTITION OF visit_new FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
INSERT INTO visit VALUES ('2020-02-02', 'a', 1), ('2021-02-02', 'b', 2);
CREATE TABLE animal (id integer, name text);
CREATE TABLE dog (breed text) INHERITS (animal);
INSERT INTO animal VALUES (1, 'Tom');
`;

const nulls = `BEGIN; INSERT INTO "Key""s" VALUES (-1, NULL, NULL, NULL), (-2, NULL, NULL, NULL); ROLLBACK`;
const release = `
INSERT INTO "Key""s" SELECT max(id) + 1, 'c' || max(id) + 1, '2020-01-01'::date + max(id) + 1, max(id) + 1 FROM "Key""s";
INSERT INTO item SELECT max(id) + 1, 'c' || max(id) + 1, max(id) + 1 FROM item;
INSERT INTO visit SELECT '2021-05-05', 'c' || count(*), count(*) FROM visit`;

const subject = {
  operation: "add a unique or primary key",
  does: "its index is built concurrently, then becomes the key",
};

testCases(subject, { base, old: `${nulls}; ${release}`, new: release }, [
  {
    name: "a unique constraint of two columns that includes a third",
    naive: `ALTER TABLE "Key""s" ADD UNIQUE ("Code", n) INCLUDE (at) WITH (fillfactor = 80)`,
    new: `${release}; INSERT INTO "Key""s" (id, "Code", n) VALUES (1, 'c1', 1) ON CONFLICT ("Code", n) DO NOTHING`,
    also: ({ contract, notes }) => {
      expect(contract).toEqual([]);
      expect(notes).toEqual([
        expect.stringContaining("refuses duplicates from the backfill phase on"),
      ]);
    },
  },
  {
    name: "deferrable constraints",
    naive: `ALTER TABLE "Key""s" ADD CONSTRAINT "A ""key""" UNIQUE (n) DEFERRABLE INITIALLY DEFERRED, ADD UNIQUE (at) DEFERRABLE`,
  },
  {
    name: "NULLs that are not distinct",
    from: 15,
    naive: `ALTER TABLE "Key""s" ADD UNIQUE NULLS NOT DISTINCT (id, n)`,
  },
  {
    name: "T38: a unique constraint of a partitioned table of two levels",
    naive: "ALTER TABLE visit ADD UNIQUE (at, host)",
    new: `${release}; INSERT INTO visit VALUES ('2020-02-02', 'a', 1) ON CONFLICT (at, host) DO NOTHING`,
  },
  {
    name: "a unique constraint over an index that is there",
    naive: "ALTER TABLE item ADD CONSTRAINT item_by_code UNIQUE USING INDEX item_code",
    also: ({ backfill }) => expect(backfill).toEqual([]),
  },
  {
    name: "a unique constraint written the safe way",
    naive: `CREATE UNIQUE INDEX CONCURRENTLY keys_code ON "Key""s" ("Code");
ALTER TABLE "Key""s" ADD CONSTRAINT keys_code UNIQUE USING INDEX keys_code`,
  },
  {
    name: "a primary key of a NOT NULL column",
    naive: `ALTER TABLE "Key""s" ADD PRIMARY KEY (id)`,
  },
  {
    name: "T33: a primary key, which makes columns NOT NULL in the contract phase",
    naive: `ALTER TABLE "Key""s" ADD CONSTRAINT "Key" PRIMARY KEY (id, "Code") INCLUDE (n)`,
  },
  {
    name: "a primary key over an index that is there",
    base: `${base}; CREATE UNIQUE INDEX keys_n ON "Key""s" (n);`,
    naive: `ALTER TABLE "Key""s" ADD PRIMARY KEY USING INDEX keys_n`,
  },
  {
    name: "a primary key of a partitioned table",
    naive: "ALTER TABLE visit ADD PRIMARY KEY (at, host)",
    old: `${nulls}; ${release}; BEGIN; INSERT INTO visit VALUES ('2021-02-02', NULL, 2); ROLLBACK`,
    new: `${release}; INSERT INTO visit VALUES ('2021-02-02', 'b', 1) ON CONFLICT (at, host) DO UPDATE SET n = 3`,
  },
  {
    name: "a primary key of a table with children",
    naive: "ALTER TABLE animal ADD PRIMARY KEY (id)",
    old: "BEGIN; INSERT INTO animal VALUES (NULL, NULL); INSERT INTO dog VALUES (NULL); ROLLBACK",
    new: "INSERT INTO animal SELECT max(id) + 1 FROM animal",
  },
  {
    name: "another primary key of the same name, with the next statement",
    naive: "ALTER TABLE item DROP CONSTRAINT item_pkey, ADD PRIMARY KEY (place, id)",
    old: `${release}; INSERT INTO item VALUES (1, 'x', 99) ON CONFLICT (id) DO NOTHING`,
    new: `${release}; INSERT INTO item VALUES (1, 'x', 1) ON CONFLICT (place, id) DO NOTHING`,
    also: ({ contract }) =>
      expect(contract.slice(-2).map(({ title }) => title)).toEqual([
        expect.stringContaining("over the index"),
        expect.stringContaining("item_pkey waits no longer"),
      ]),
  },
  {
    name: "another primary key of a partitioned table",
    base: `${base}; ALTER TABLE visit ADD PRIMARY KEY (at, host);`,
    naive:
      "ALTER TABLE visit DROP CONSTRAINT visit_pkey; ALTER TABLE visit ADD PRIMARY KEY (host, at, n)",
    old: `${release}; INSERT INTO visit VALUES ('2021-02-02', 'b', 2) ON CONFLICT (at, host) DO NOTHING`,
    new: `${release}; INSERT INTO visit VALUES ('2021-02-02', 'b', 2) ON CONFLICT (host, at, n) DO NOTHING`,
  },
  {
    name: "a primary key of a partitioned table over a wider column that takes the place of another",
    base: `${base}; ALTER TABLE visit ADD PRIMARY KEY (at, n);`,
    naive: `
-- lockstep: number = n
-- lockstep: n = number::integer
ALTER TABLE visit ADD COLUMN number bigint;
UPDATE visit SET number = n;
ALTER TABLE visit DROP COLUMN n, ADD PRIMARY KEY (at, number)`,
    old: `INSERT INTO visit SELECT '2021-05-05', 'c', max(n) + 1 FROM visit; INSERT INTO visit VALUES ('2021-02-02', 'b', 2) ON CONFLICT (at, n) DO NOTHING`,
    new: `INSERT INTO visit (at, number) SELECT '2021-05-05', min(number) - 1 FROM visit; INSERT INTO visit (at, number) VALUES ('2021-02-02', 2) ON CONFLICT (at, number) DO UPDATE SET host = 'd'`,
  },
  {
    name: "another unique constraint under the same name, made anew after others",
    base: `${base}; ALTER TABLE item ADD CONSTRAINT only_one UNIQUE (code); ALTER TABLE visit ADD CONSTRAINT visit_one UNIQUE (at, host);`,
    naive: `ALTER TABLE item DROP CONSTRAINT only_one; ALTER TABLE visit DROP CONSTRAINT visit_one;
ALTER TABLE item ADD CONSTRAINT only_one UNIQUE (code, place); ALTER TABLE visit ADD CONSTRAINT visit_one UNIQUE (at, host, n)`,
    old: `${release}; INSERT INTO item VALUES (1, 'c1', 99) ON CONFLICT (code) DO NOTHING`,
    new: `${release}; INSERT INTO item VALUES (1, 'c1', 1) ON CONFLICT (code, place) DO NOTHING`,
    also: ({ contract }) => expect(contract[0]?.title).toContain("over the index"),
  },
  {
    name: "a dropped key stays until the contract phase",
    naive: "ALTER TABLE item DROP CONSTRAINT item_pkey",
    old: `${release}; INSERT INTO item VALUES (1, 'x', 99) ON CONFLICT (id) DO NOTHING`,
    also: ({ expand, backfill }) => expect([expand, backfill]).toEqual([[], []]),
  },
]);
