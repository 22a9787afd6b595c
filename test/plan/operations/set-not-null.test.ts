import { expect } from "vitest";
import type { Plan } from "../../../src/plan/model.ts";
import { testCases } from "./cases.ts";

const long = `"${"ö".repeat(31)}x"`;

const base = `
CREATE TABLE "App User" (
  id integer PRIMARY KEY,
  "select" text,
  email text,
  ${long} integer,
  CONSTRAINT "App User_email_not_null" CHECK (email <> 'nobody')
);
INSERT INTO "App User" SELECT n, 'Name ' || n, 'mail ' || n, n FROM generate_series(1, 20) n;
CREATE TABLE visit (at date NOT NULL, host text) PARTITION BY RANGE (at);
CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE visit_new PARTITION OF visit FOR VALUES FROM ('2021-01-01') TO ('2030-01-01') PARTITION BY RANGE (at);
CREATE TABLE visit_2021 PARTITION OF visit_new FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
INSERT INTO visit VALUES ('2020-02-02', 'a'), ('2021-02-02', 'b');
CREATE TABLE animal (name text);
CREATE TABLE dog (breed text) INHERITS (animal);
INSERT INTO dog VALUES ('Rex', 'Collie');
INSERT INTO animal VALUES ('Tom');
`;

/** NULL as long as the old release runs, undone at once: at the end no row holds one. */
const nulls = (table: string, columns: string, values: string) =>
  `BEGIN; INSERT INTO ${table} (${columns}) VALUES (${values}); ROLLBACK`;

const user = {
  old: nulls(`"App User"`, `id, "select", email`, "-1, NULL, NULL"),
  new: `INSERT INTO "App User" SELECT max(id) + 1, 'n', 'm' || max(id), 1 FROM "App User"`,
};
const visit = {
  old: nulls("visit", "at, host", "'2021-03-03', NULL"),
  new: "INSERT INTO visit VALUES ('2021-03-03', 'c')",
};
const animal = {
  old: nulls("animal", "name", "NULL"),
  new: "INSERT INTO dog VALUES ('Bello', 'Dackel')",
};

const isOnlyContract = ({ expand, backfill, contract }: Plan) => {
  expect([expand, backfill]).toEqual([[], []]);
  expect(contract).not.toEqual([]);
};

const subject = {
  operation: "set NOT NULL",
  does: "in the contract phase: a check NOT VALID, validated, then NOT NULL without reading the table",
};

testCases(subject, { base, old: "SELECT 1", new: "SELECT 1" }, [
  {
    name: "T33: a column whose name is a keyword; the old release writes NULL until the contract phase",
    naive: `ALTER TABLE "App User" ALTER COLUMN "select" SET NOT NULL`,
    ...user,
    also: isOnlyContract,
  },
  {
    name: "T33: a check, which the old release's rows break until the contract phase",
    naive: `ALTER TABLE "App User" ADD CHECK ("select" <> '')`,
    old: nulls(`"App User"`, `id, "select"`, "-1, ''"),
    new: user.new,
    also: isOnlyContract,
  },
  {
    name: "two columns in one statement; the constraint's usual name is taken",
    naive: `ALTER TABLE "App User" ALTER "select" SET NOT NULL, ALTER email SET NOT NULL`,
    ...user,
  },
  {
    name: "a name of 63 bytes",
    naive: `ALTER TABLE "App User" ALTER ${long} SET NOT NULL`,
    ...user,
  },
  {
    name: "a partitioned table of two levels",
    naive: "ALTER TABLE visit ALTER host SET NOT NULL",
    ...visit,
  },
  {
    name: "one partition",
    naive: "ALTER TABLE visit_2021 ALTER host SET NOT NULL",
    ...visit,
  },
  {
    name: "a table with children",
    naive: "ALTER TABLE animal ALTER name SET NOT NULL",
    ...animal,
  },
  {
    name: "a table without its children",
    naive: "ALTER TABLE ONLY animal ALTER name SET NOT NULL",
    ...animal,
  },
  {
    name: "a child alone, which has none itself",
    naive: "ALTER TABLE ONLY dog ALTER breed SET NOT NULL",
    old: nulls("dog", "name, breed", "'Rex', NULL"),
    new: animal.new,
  },
  {
    name: "a constraint with a name",
    from: 18,
    naive: `ALTER TABLE "App User" ADD CONSTRAINT "Has Email" NOT NULL email`,
    ...user,
  },
  {
    name: "a constraint that is NOT VALID",
    from: 18,
    naive: `ALTER TABLE "App User" ADD CONSTRAINT "Has Email" NOT NULL email NOT VALID`,
    ...user,
  },
  {
    name: "a constraint that was NOT VALID",
    from: 18,
    base: `${base}; ALTER TABLE "App User" ADD CONSTRAINT "Has Email" NOT NULL email NOT VALID;`,
    naive: `ALTER TABLE "App User" ALTER email SET NOT NULL`,
    new: user.new,
  },
]);
