import { expect, test } from "vitest";
import { copyWorld, fold } from "../../../src/effects/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { baseSql } from "../matrix/support.ts";
import { modes, predicted, tableModes, worldOf } from "./support.ts";

const world = await worldOf(baseSql);

async function block(body: string, declare = "") {
  return predicted(`DO $do$ ${declare} BEGIN ${body} END $do$`, world);
}

test("statements of a block are predicted on the catalog that those before leave", async () => {
  const effect = await block(`
    CREATE TABLE invoices (id bigint PRIMARY KEY, org_id bigint);
    ALTER TABLE invoices ADD FOREIGN KEY (org_id) REFERENCES orgs (id);
    ALTER TABLE small ADD COLUMN note text;
    UPDATE small SET note = 'x';`);
  expect(tableModes(effect)).toEqual({ orgs: "ShareRowExclusive", small: "AccessExclusive" });
  expect(effect.failures.filter(({ when }) => when === "always")).toEqual([]);
  expect(effect.unknown).toEqual([]);
});

test("SQL put together from constants is looked into, other SQL is unknown with its line", async () => {
  const known = await block(`
    EXECUTE 'DELETE FROM ' || quote_ident('small');
    EXECUTE format('ALTER TABLE %I.%I ADD COLUMN %I text DEFAULT %L', 'public', 'orgs', 'Odd Name', 'x');`);
  expect(tableModes(known)).toEqual({ orgs: "AccessExclusive", small: "RowExclusive" });
  expect(known.unknown).toEqual([]);
  const other = await predicted(
    "DO $do$\nDECLARE t text;\nBEGIN\n  SELECT relname INTO t FROM pg_class LIMIT 1;\n  EXECUTE 'DROP TABLE ' || t;\nEND $do$",
    world,
  );
  expect(other.unknown).toEqual(["line 5 runs SQL that is put together when it runs"]);
});

test("FOREACH over an array of constants runs for each of them", async () => {
  const effect = await block(
    "FOREACH t IN ARRAY ARRAY['orgs', 'small'] LOOP EXECUTE format('LOCK TABLE %I IN SHARE MODE', t); END LOOP;",
    "DECLARE t text;",
  );
  expect(tableModes(effect)).toEqual({ orgs: "Share", small: "Share" });
});

test("what a handler catches is undone, and the handler runs", async () => {
  const effect = await block(`
    BEGIN
      DELETE FROM orders;
      CREATE TYPE mood AS ENUM ('x');
    EXCEPTION WHEN duplicate_object THEN
      DELETE FROM small;
    END;`);
  expect(tableModes(effect)).toEqual({ small: "RowExclusive" });
  expect(effect.failures).toEqual([]);
});

test("an error that no handler catches ends the block", async () => {
  const effect = await block(`
    BEGIN CREATE TYPE mood AS ENUM ('x'); EXCEPTION WHEN undefined_table THEN NULL; END;
    DELETE FROM small;`);
  expect(effect.failures).toMatchObject([{ when: "always", sqlState: "42710" }]);
  expect(tableModes(effect)).toEqual({});
});

test("a branch that is certain to fail is not for this catalog", async () => {
  const idempotent = `
    IF NOT EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'small' AND column_name = 'label')
    THEN ALTER TABLE small ADD COLUMN label text; END IF;`;
  const effect = await block(idempotent);
  expect(tableModes(effect)).toEqual({});
  expect(effect.failures).toEqual([]);
  const without = copyWorld(world);
  for (const statement of await parseSql("ALTER TABLE small DROP COLUMN label", "set-up"))
    fold(statement, without);
  const taken = await predicted(`DO $do$ BEGIN ${idempotent} END $do$`, without);
  expect(tableModes(taken)).toEqual({ small: "AccessExclusive" });
});

const guards = [
  ["EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'orders_user_fk')", true],
  ["NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'nothing')", true],
  [
    "EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'orders_user_fk' AND conrelid = 'public.orders'::regclass)",
    true,
  ],
  [
    "EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'orders_user_fk' AND conrelid = 'users'::regclass)",
    false,
  ],
  [
    "EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'email' AND table_schema = 'public')",
    true,
  ],
  ["EXISTS (SELECT FROM information_schema.tables WHERE table_name = 'shops')", false],
  [
    "EXISTS (SELECT FROM information_schema.table_constraints WHERE constraint_name = 'orders_user_fk' AND constraint_type = 'FOREIGN KEY')",
    true,
  ],
  ["EXISTS (SELECT FROM pg_type WHERE typname = 'mood')", true],
  [
    "NOT EXISTS (SELECT FROM pg_indexes WHERE indexname = 'users_name_idx') OR false IS NULL",
    undefined,
  ],
  ["EXISTS (SELECT FROM pg_class WHERE relname = 'users_name_idx' AND relkind = 'i')", true],
  ["to_regclass('public.users') IS NOT NULL AND to_regclass('shops') IS NULL", true],
  ["EXISTS (SELECT FROM pg_trigger WHERE tgname = 'users_touch')", true],
  ["EXISTS (SELECT FROM pg_proc WHERE proname = 'now')", undefined],
  ["EXISTS (SELECT FROM pg_class WHERE relname LIKE 'users%')", true],
  ["EXISTS (SELECT FROM pg_class WHERE relname LIKE 'nothing%')", undefined],
  ["EXISTS (SELECT FROM pg_class WHERE relpages = 5)", undefined],
] as const;

test.each(guards)("IF %s", async (guard, value) => {
  const effect = await block(
    `IF ${guard} THEN DELETE FROM small; ELSE DELETE FROM sessions; END IF;`,
  );
  const taken = Object.keys(tableModes(effect));
  const expected = value === undefined ? ["sessions", "small"] : [value ? "small" : "sessions"];
  expect(taken).toEqual(expected);
});

test("both branches of an open condition are taken in, of a constant one only its own", async () => {
  const open = await block(
    "IF (SELECT count(*) FROM orgs) > 5 THEN DELETE FROM small; ELSE TRUNCATE sessions; END IF;",
  );
  expect(tableModes(open)).toEqual({
    orgs: "AccessShare",
    sessions: "AccessExclusive",
    small: "RowExclusive",
  });
  const closed = await block(
    "IF false THEN DROP TABLE people; ELSIF true THEN DELETE FROM small; ELSE TRUNCATE sessions; END IF;",
  );
  expect(tableModes(closed)).toEqual({ small: "RowExclusive" });
});

test("nothing after RETURN or an exception runs", async () => {
  expect(tableModes(await block("RETURN; DELETE FROM small;"))).toEqual({});
  const raised = await block("RAISE EXCEPTION 'stop'; DELETE FROM small;");
  expect(raised.failures).toMatchObject([{ when: "always", sqlState: "P0001" }]);
  expect(tableModes(raised)).toEqual({});
  const noted = await block("RAISE NOTICE 'go on'; DELETE FROM small;");
  expect(tableModes(noted)).toEqual({ small: "RowExclusive" });
});

test("COMMIT inside is refused in a transaction", async () => {
  const effect = await block("DELETE FROM small; COMMIT;");
  expect(effect.failures).toMatchObject([{ when: "in-transaction", sqlState: "2D000" }]);
});

test("a body that cannot be compiled fails, one in another language is unknown", async () => {
  expect((await block("UPDATE orgs SET;")).failures).toMatchObject([{ sqlState: "42601" }]);
  const other = await predicted("DO LANGUAGE plpython3u $$ pass $$", world);
  expect(other.unknown).toEqual(["the block is written in plpython3u, which is not looked into"]);
});

test("functions that call each other come to an end", async () => {
  const loop = copyWorld(world);
  const functions = `
    CREATE FUNCTION ping() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM pong(); END';
    CREATE FUNCTION pong() RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM small; PERFORM ping(); END';`;
  for (const statement of await parseSql(functions, "set-up")) fold(statement, loop);
  const effect = await predicted("SELECT ping()", loop);
  expect(tableModes(effect)).toEqual({ small: "RowExclusive" });
  expect(effect.unknown).toEqual([]);
});

test("a function may assign to its parameters, whose names are not recorded", async () => {
  const known = copyWorld(world);
  const functions = `
    CREATE FUNCTION tally(n integer, OUT total integer, OUT "Odd One" text) LANGUAGE plpgsql AS
      'BEGIN n := n + 1; total := n; "Odd One" := ''x''; SELECT count(*) INTO total FROM orgs; DELETE FROM small; RETURN; END';`;
  for (const statement of await parseSql(functions, "set-up")) fold(statement, known);
  const effect = await predicted("SELECT tally(5)", known);
  expect(effect.unknown).toEqual([]);
  expect(tableModes(effect)).toEqual({ orgs: "AccessShare", small: "RowExclusive" });
});

test("a function in C is unknown when it may do anything", async () => {
  const extended = copyWorld(world);
  const functions = `
    CREATE FUNCTION remote(text) RETURNS text LANGUAGE c AS 'dblink', 'dblink_exec';
    CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE c AS 'uuid-ossp', 'uuid_generate_v4';`;
  for (const statement of await parseSql(functions, "set-up")) fold(statement, extended);
  expect((await predicted("SELECT remote('x')", extended)).unknown).toEqual([
    "function public.remote is written in C: what it does cannot be seen",
  ]);
  expect((await predicted("SELECT uuid_generate_v4()", extended)).unknown).toEqual([]);
});

test("views that read each other in the end are locked once each", async () => {
  const circular = await worldOf(`
    CREATE TABLE accounts (id bigint);
    CREATE VIEW first_view AS SELECT id FROM accounts;
    CREATE VIEW second_view AS SELECT id FROM first_view;
    CREATE OR REPLACE VIEW first_view AS SELECT id FROM second_view;`);
  const effect = await predicted("LOCK TABLE first_view", circular);
  expect(modes(effect)).toEqual({
    first_view: "AccessExclusive",
    second_view: "AccessExclusive",
  });
});

test("a procedure whose atomic body is empty can be called", async () => {
  const empty = await worldOf("CREATE PROCEDURE nothing() BEGIN ATOMIC END;");
  const effect = await predicted("CALL nothing()", empty);
  expect(effect.locks).toEqual([]);
  expect(effect.failures).toEqual([]);
});
