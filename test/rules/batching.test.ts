import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createWorld, findRelation, fold, readWorld } from "../../src/effects/index.ts";
import { Session } from "../../src/pg/index.ts";
import { changeOf } from "../../src/rules/batching/change.ts";
import { programOf, programOfBody } from "../../src/rules/batching/program.ts";
import { reachOf } from "../../src/rules/batching/reach.ts";
import { inBatches } from "../../src/rules/batching/recipe.ts";
import { StatementSource } from "../../src/rules/fix-source.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { parseSql } from "../../src/sql/index.ts";

async function one(sql: string) {
  const [statement] = await parseSql(sql, "m.sql");
  return statement!;
}

describe("what a PL/pgSQL body runs", () => {
  const body = `
DECLARE
  one record;
  done bigint := (SELECT count(*) FROM a);
BEGIN
  UPDATE a SET x = 1;
  IF done > 0 THEN
    WHILE done > 0 LOOP
      DELETE FROM b WHERE id = done;
      FOR one IN SELECT id FROM c LOOP
        EXECUTE 'UPDATE d SET x = 2';
      END LOOP;
      COMMIT;
    END LOOP;
  END IF;
  FOREACH done IN ARRAY ARRAY[1, 2] LOOP
    UPDATE e SET x = done;
  END LOOP;
  EXECUTE format('UPDATE %I SET x = 1', 'f');
END`;

  test.each(["DO $$%s$$", "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$%s$$"])(
    "%s",
    async (form) => {
      const program = programOf(await one(form.replace("%s", () => body)))!;
      const seen = program.statements.map(({ node, loop }) => [
        changeOf(node)?.relation.relname,
        loop?.commits,
      ]);
      // The loop inside one that commits shares its transactions; what EXECUTE computes is not known.
      expect(seen).toEqual([
        ["a", undefined],
        ["b", true],
        ["d", true],
        ["e", false],
      ]);
    },
  );

  test("a stored body, whatever it quotes with", () => {
    const program = programOfBody("BEGIN UPDATE a SET x = $body$y$body$; END");
    expect(program?.statements.map(({ sql }) => sql)).toEqual(["UPDATE a SET x = $body$y$body$"]);
  });

  test("another language, and what cannot be read, is not guessed", async () => {
    expect(
      programOf(await one("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'")),
    ).toBeUndefined();
    expect(
      programOf(await one("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END")),
    ).toBeUndefined();
    expect(programOf(await one("DO LANGUAGE plpython3u $$x = 1$$"))).toBeUndefined();
    expect(programOfBody("BEGIN LOOP")).toBeUndefined();
  });
});

describe("how far a condition reaches", () => {
  test.each([
    ["", "whole"],
    ["WHERE plan IS NULL", "whole"],
    ["WHERE plan <> 'free'", "whole"],
    ["WHERE NOT plan = 'free'", "whole"],
    ["WHERE plan IS DISTINCT FROM 'free'", "whole"],
    ["WHERE plan = email", "whole"],
    ["WHERE true", "whole"],
    ["WHERE plan = 'free'", "part"],
    ["WHERE plan = 'free' OR plan IS NULL", "whole"],
    ["WHERE plan IS NULL AND team_id = 5", "part"],
    ["WHERE lower(plan) LIKE 'f%'", "part"],
    ["WHERE id > 5", "part"],
    ["WHERE id = 5", "few"],
    ["WHERE users.id = ANY ('{1,2}')", "few"],
    ["WHERE id IN (1, 2) AND plan IS NULL", "few"],
    ["WHERE id BETWEEN 1 AND 1000", "few"],
    ["WHERE email = 'a@b.c'", "few"],
    ["WHERE id IN (SELECT id FROM users ORDER BY id LIMIT 10)", "few"],
    ["WHERE id = id", "whole"],
    ["WHERE users.id = users.team_id", "whole"],
    ["FROM teams t WHERE users.id = t.user_id", "whole"],
    ["FROM teams t WHERE users.id = 5 AND t.id = users.team_id", "few"],
    ["WHERE id = one.id", "few"],
    ["WHERE id > last AND id <= last + 1000", "few"],
    ["WHERE 1 = 1", "whole"],
    ["WHERE team_id = 5", "part"],
  ])("%s", async (where, reach) => {
    const world = createWorld({ major: 18, complete: true });
    const base =
      "CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, plan text, team_id bigint)";
    fold(await one(base), world);
    const change = changeOf((await one(`UPDATE users SET plan = 'x' ${where}`)).node)!;
    expect(reachOf(change, world, findRelation(world, { name: "users" }))).toBe(reach);
  });
});

describe.each([14, 18])("batches on %i", (major) => {
  let scratch: Scratch;
  let session: Session;
  beforeAll(async () => {
    scratch = await startScratch({ major });
    session = await Session.open({
      url: (await scratch.createDatabase()).url,
      applicationName: "test",
    });
  });
  afterAll(async () => {
    await session.close();
    await scratch.close();
  });

  /** Rows of a table that a condition leaves. */
  async function count(from: string): Promise<number> {
    return (await session.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${from}`)).rows[0]!
      .n;
  }

  /** The block for a statement, with the catalog as it is now. */
  async function blockFor(sql: string): Promise<string | undefined> {
    const statement = await one(sql);
    const change = changeOf(statement.node)!;
    const { relname, schemaname } = change.relation;
    const world = await readWorld(session);
    const table = findRelation(world, { schema: schemaname, name: relname! });
    return inBatches(new StatementSource(sql, statement), change, table);
  }

  async function users(key: string, value: string): Promise<void> {
    await session.query('DROP TABLE IF EXISTS "Users"');
    await session.query(
      `CREATE TABLE "Users" ("Id" ${key} PRIMARY KEY, full_name text, display_name text)`,
    );
    await session.query(
      `INSERT INTO "Users" SELECT ${value}, 'n' || g FROM generate_series(1, 4500) g`,
    );
  }

  const picked = `UPDATE "Users" SET display_name = full_name
    WHERE "Id" IN (SELECT "Id" FROM "Users" WHERE display_name IS NULL ORDER BY "Id" LIMIT 1000 OFFSET 1000)`;

  test("a growing OFFSET over a shrinking set leaves half of the rows", async () => {
    await users("bigint", "g");
    await session.query(`DO $$ DECLARE k int := 0; done bigint; BEGIN LOOP
      ${picked.replace("OFFSET 1000", "OFFSET k")};
      GET DIAGNOSTICS done = ROW_COUNT; EXIT WHEN done = 0; k := k + 1000; END LOOP; END $$`);
    expect(await count('"Users" WHERE display_name IS NULL')).toBeGreaterThanOrEqual(2000);
  });

  test.each([
    ["bigint", "g * 3"],
    ["uuid", "md5(g::text)::uuid"],
    ["text", "'k' || g"],
  ])("the block in its place leaves none, with keys of %s", async (key, value) => {
    await users(key, value);
    await session.query((await blockFor(picked))!);
    expect(await count('"Users" WHERE display_name IS NULL')).toBe(0);
    expect(await count('"Users" WHERE display_name = full_name')).toBe(4500);
  });

  test("it keeps every condition", async () => {
    await users("bigint", "g");
    const block = await blockFor(
      `DELETE FROM public."Users" u WHERE u."Id" > 100 AND full_name LIKE 'n1%' OR u."Id" = 3`,
    );
    await session.query(block!);
    expect(await count('"Users"')).toBe(
      await session
        .query<{ n: number }>(
          "SELECT count(*)::int AS n FROM generate_series(1, 4500) g WHERE NOT (g > 100 AND 'n' || g LIKE 'n1%' OR g = 3)",
        )
        .then(({ rows }) => rows[0]!.n),
    );
    const deleted = await blockFor(
      `DELETE FROM "Users" WHERE "Id" IN (SELECT "Id" FROM "Users" WHERE full_name = 'n7' LIMIT 10)`,
    );
    const before = await count('"Users"');
    await session.query(deleted!);
    expect(await count('"Users"')).toBe(before - 1);
  });

  test("each batch is a transaction: a failure leaves what was done before it", async () => {
    await users("bigint", "g");
    const block = await blockFor(`UPDATE "Users" SET display_name = (1 / (4400 - "Id"))::text`);
    await expect(session.query(block!)).rejects.toThrow(/division by zero/);
    expect(await count('"Users" WHERE display_name IS NOT NULL')).toBe(4000);
  });

  test.each([
    `WITH x AS (SELECT 1) UPDATE "Users" SET display_name = ''`,
    `UPDATE "Users" SET display_name = '' RETURNING "Id"`,
    `DELETE FROM "Users" WHERE "Id" IN (SELECT u."Id" FROM "Users" u JOIN "Users" v ON true WHERE v."Id" = 1 LIMIT 1)`,
    `UPDATE keyless SET x = 1`,
    `UPDATE nowhere SET x = 1`,
  ])("no block is made for %s", async (sql) => {
    await users("bigint", "g");
    await session.query("DROP TABLE IF EXISTS keyless");
    await session.query("CREATE TABLE keyless (x integer, y integer, PRIMARY KEY (x, y))");
    expect(await blockFor(sql)).toBeUndefined();
  });
});
