import { expect, it } from "vitest";
import { planOf } from "../operation-harness.ts";
import { testCases } from "./cases.ts";

const base = `
CREATE TABLE "It'em" (id integer PRIMARY KEY, name text, price numeric DEFAULT 1);
INSERT INTO "It'em" SELECT n, 'n' || n FROM generate_series(1, 20) n;
CREATE TABLE log (id integer);
CREATE VIEW "All Items" WITH (security_barrier = true) AS SELECT id, name FROM "It'em";
ALTER VIEW "All Items" ALTER COLUMN name SET DEFAULT 'x';
CREATE VIEW used AS SELECT id FROM "It'em";
CREATE VIEW using_it AS SELECT id FROM used;
CREATE VIEW granted AS SELECT id FROM "It'em";
GRANT SELECT ON granted TO PUBLIC;
CREATE FUNCTION "Next!"(a integer, b text DEFAULT 'it''s \\') RETURNS integer LANGUAGE sql
  STABLE STRICT PARALLEL SAFE COST 7 SECURITY DEFINER SET search_path = public, "My Schema" SET work_mem = '4MB' AS 'SELECT a + 1';
CREATE FUNCTION several(n integer, OUT x integer, OUT y text) RETURNS SETOF record LANGUAGE plpgsql ROWS 5 AS 'BEGIN RETURN; END';
CREATE FUNCTION atomic(n integer) RETURNS integer RETURN n + 1;
CREATE PROCEDURE work(n integer) LANGUAGE plpgsql AS 'BEGIN NULL; END';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER "Touch" BEFORE UPDATE ON "It'em" FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE "It'em" ENABLE ALWAYS TRIGGER "Touch";
`;

const old = `SELECT id, name FROM "All Items"; SELECT * FROM used; SELECT * FROM granted; SELECT "Next!"(1), several(1), atomic(1);
CALL work(1); UPDATE "It'em" SET name = 'y' WHERE id = 3`;

const subject = {
  operation: "replace a view, routine or trigger",
  does: "in one transaction, right before the new release; both use it from then on",
};

testCases(
  subject,
  { base, old, new: old },
  [
    {
      name: "a view that gets a column",
      naive: `CREATE OR REPLACE VIEW "All Items" WITH (security_barrier = true) AS SELECT id, name, price FROM "It'em"`,
      new: `${old}; SELECT price FROM "All Items"`,
    },
    {
      name: "a view whose query changes, one that others read and one with privileges, which keep a new column",
      naive: `CREATE OR REPLACE VIEW "All Items" AS SELECT id, upper(name) AS name FROM "It'em";
CREATE OR REPLACE VIEW used AS SELECT id, price FROM "It'em"; CREATE OR REPLACE VIEW granted AS SELECT id, price FROM "It'em"`,
      also: ({ remains }) => expect(remains).toContain("view-columns-changed public.used"),
    },
    {
      name: "a view that is dropped and made with all its columns and others between them",
      naive: `DROP VIEW IF EXISTS "All Items"; CREATE VIEW "All Items" AS SELECT id, price, name FROM "It'em"`,
      new: `${old}; SELECT price FROM "All Items"`,
    },
    {
      name: "functions and a procedure with all their properties",
      naive: `CREATE OR REPLACE FUNCTION "Next!"(a integer, b text DEFAULT 'y') RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN a + 2; END';
CREATE OR REPLACE FUNCTION several(n integer, OUT x integer, OUT y text) RETURNS SETOF record LANGUAGE sql AS 'SELECT 1, ''a''::text';
CREATE OR REPLACE FUNCTION atomic(n integer) RETURNS integer BEGIN ATOMIC SELECT n + 2; END;
CREATE OR REPLACE PROCEDURE work(n integer) LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.price := 2; RETURN NEW; END'`,
    },
    {
      name: "a function with other arguments",
      naive: `DROP FUNCTION "Next!"(integer, text); CREATE FUNCTION "Next!"(a bigint) RETURNS bigint LANGUAGE sql AS 'SELECT a + 1'`,
      new: 'SELECT "Next!"(1::bigint)',
    },
    {
      name: "a trigger that is dropped and made",
      naive: `DROP TRIGGER IF EXISTS "Touch" ON "It'em"; CREATE TRIGGER "Touch" BEFORE INSERT OR UPDATE ON "It'em" FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION touch()`,
    },
    {
      name: "a trigger that is replaced",
      naive: `CREATE OR REPLACE TRIGGER "Touch" BEFORE UPDATE OF name ON "It'em" FOR EACH ROW EXECUTE FUNCTION touch()`,
    },
  ],
  (scratch) => {
    it.each([
      `DROP VIEW "All Items"; CREATE VIEW "All Items" AS SELECT id FROM "It'em"`,
      `DROP VIEW used CASCADE; CREATE VIEW used AS SELECT id, price FROM "It'em"`,
      `DROP FUNCTION atomic; CREATE FUNCTION atomic(n integer) RETURNS text LANGUAGE sql AS 'SELECT 1'`,
    ])(
      "refuses %s",
      async (naive) => {
        const { parts } = await planOf(scratch(), base, naive);
        expect(parts[0]).toMatchObject({
          kind: "refused",
          why: expect.stringContaining("each in its own form"),
        });
      },
      60_000,
    );
    it("refuses a view that comes back to itself", async () => {
      const naive = "CREATE OR REPLACE VIEW used AS SELECT id FROM using_it";
      const { parts } = await planOf(scratch(), base, naive);
      expect(parts.at(-1)).toMatchObject({
        why: expect.stringContaining("reads a view that reads"),
      });
    });
  },
);
