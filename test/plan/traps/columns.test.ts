import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Session } from "../../../src/pg/index.ts";
import { dualWriteStatements, type Mapping } from "../../../src/plan/dual-writes/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { expected, statementOf, type Form, type Operation, type Row } from "../dual-write-model.ts";
import { orders, play } from "./schedule.ts";

/** The same value in both forms, under another name. */
const renamed: Mapping = {
  old: [{ name: "name", type: "text", from: "label", nullable: true }],
  new: [{ name: "label", type: "text", from: "name", nullable: true }],
};

/** A form that cannot hold all of the other one. */
const lossy: Form = {
  up: (old) => (old === null ? null : `N:${old.toUpperCase()}`),
  down: (made) => (made === null ? null : made.slice(2).toLowerCase()),
  upSql: "'N:' || upper(name)",
  downSql: "lower(substr(label, 3))",
  default: null,
  newNullable: true,
};

describe("two forms of a column", () => {
  let scratch: Scratch;
  let url: string;
  let session: Session;
  beforeAll(async () => {
    scratch = await startScratch({ major: 18 });
    ({ url } = await scratch.createDatabase());
    session = await Session.open({ url, applicationName: "set-up" });
    await session.query("CREATE SCHEMA lockstep");
  });
  afterAll(async () => {
    await session.close();
    await scratch.close();
  });
  beforeEach(() => session.batch("DROP SCHEMA public CASCADE; CREATE SCHEMA public"));

  const open = (applicationName = "application") => Session.open({ url, applicationName });

  /** Table `person`, and dual writes of `name` and `label` in it. */
  async function start(setUp: readonly string[] = [], mapping = renamed) {
    for (const statement of [
      "CREATE TABLE person (id serial PRIMARY KEY, name text DEFAULT 'D', other integer NOT NULL DEFAULT 0)",
      ...setUp,
      "ALTER TABLE person ADD COLUMN label text",
    ])
      await session.query(statement);
    const made = await dualWriteStatements({
      plan: "p1",
      table: { schema: "public", name: "person" },
      mappings: [mapping],
      searchPath: ["public"],
    });
    for (const statement of made.start) await session.query(statement);
    return made;
  }

  const rows = (columns = "name, label") =>
    session.queryArrays(`SELECT ${columns} FROM person ORDER BY id`);

  it("T1, T3, T5: in whatever order two releases and the backfill meet in a row, it is as after some order one by one", async () => {
    const mapping: Mapping = {
      old: [{ name: "name", type: "text", from: lossy.downSql, nullable: true }],
      new: [{ name: "label", type: "text", from: lossy.upSql, nullable: true }],
    };
    const { flag } = await start([], mapping);
    await using old = await open();
    await using release = await open();
    await using backfill = await open();
    const touch: Operation = { kind: "touch", row: 0 };
    const fill: Operation = { kind: "fill", row: 0 };
    const before: readonly Row[] = [{ old: "Mixed Case", made: null, filled: false }];
    const set = { kind: "update", row: 0 } as const;
    const unfilled = `TRUNCATE person; ALTER TABLE person DISABLE TRIGGER USER;
      INSERT INTO person (id, name, label) VALUES (0, 'Mixed Case', NULL);
      ALTER TABLE person ENABLE ALWAYS TRIGGER "!lockstep_p1", ENABLE ALWAYS TRIGGER "~lockstep_p1"`;
    let played = 0;
    for (const byOld of [{ ...set, old: "Old", made: undefined }, touch])
      for (const byNew of [{ ...set, old: undefined, made: "N:New" }, touch]) {
        const operations = [byOld, byNew, fill];
        const serial = orders([1, 1, 1]).map((order) =>
          order.reduce<readonly Row[]>((all, n) => expected(all, operations[n]!, lossy), before),
        );
        for (const order of orders([2, 2, 1])) {
          await session.batch(unfilled);
          const transaction = (operation: Operation) => [
            `BEGIN; ${statementOf(operation, before, flag)}`,
            "COMMIT",
          ];
          const actors = [
            { session: old, steps: transaction(byOld) },
            { session: release, steps: transaction(byNew) },
            { session: backfill, steps: [statementOf(fill, before, flag)] },
          ];
          await play(session, actors, order);
          const found = await session.query(
            `SELECT name AS old, label AS made, ${flag} <> 0 AS filled FROM person`,
          );
          expect(serial).toContainEqual(found.rows);
          played++;
        }
      }
    expect(played).toBe(120);
  });

  it("T2: who writes is told from what changes, however a session spells its search path", async () => {
    await start(["INSERT INTO person (name) VALUES ('a')"]);
    for (const [n, path] of [
      `public`,
      `"public"`,
      `lockstep, public`,
      `"$user",public`,
      ` "public" , "no such schema"`,
      `pg_temp, "public"`,
      `''`,
    ].entries()) {
      await using own = await open();
      await own.query(`SET search_path = ${path}`);
      await own.query("UPDATE public.person SET label = $1", [`new ${n}`]);
      expect(await rows()).toEqual([[`new ${n}`, `new ${n}`]]);
      await own.query("UPDATE public.person SET name = $1", [`old ${n}`]);
      expect(await rows()).toEqual([[`old ${n}`, `old ${n}`]]);
    }
  });

  it("T4: triggers fire on a session as fresh as can be, and on one with a past", async () => {
    await start();
    const write = async (own: Session) => {
      await session.query("TRUNCATE person");
      await own.query("INSERT INTO person (label) VALUES (NULL)");
      await own.query("INSERT INTO person (other) VALUES (1)");
      await own.query("INSERT INTO person (name) VALUES ('x')");
      expect(await rows()).toEqual([
        [null, null],
        ["D", "D"],
        ["x", "x"],
      ]);
    };
    await using own = await open();
    await write(own);
    await write(own);
    await own.batch("BEGIN; INSERT INTO person (other) VALUES (1); ROLLBACK");
    await write(own);
    await own.query("DISCARD ALL");
    await write(own);
    await own.query("RESET ALL");
    await write(own);
  });

  it("T6: a column that an INSERT leaves out gets the table's default, whichever release leaves it out", async () => {
    await start();
    for (const columns of ["other", "other, name", "other, label", "other, name, label"]) {
      const given = columns.split(", ").map((column) => (column === "other" ? "7" : "DEFAULT"));
      await session.query(`INSERT INTO person (${columns}) VALUES (${given.join(", ")})`);
    }
    await session.query("INSERT INTO person DEFAULT VALUES");
    expect(await rows("name, label, other")).toEqual([
      ["D", "D", 7],
      ["D", "D", 7],
      ["D", "D", 7],
      ["D", "D", 7],
      ["D", "D", 0],
    ]);
  });

  it("T7: ON CONFLICT DO UPDATE with EXCLUDED of either form, with and without a conflict", async () => {
    await start(["INSERT INTO person (id, name) VALUES (1, 'a')"]);
    const inserts = [
      ["id, name", "'v'", "v"],
      ["id, label", "'v'", "v"],
      ["id, name, label", "'v', 'w'", "w"],
    ] as const;
    for (const [columns, values, given] of inserts)
      for (const [set, hit] of [
        ["label = EXCLUDED.label", given],
        ["name = EXCLUDED.name", given],
        ["name = EXCLUDED.name, label = EXCLUDED.label", given],
        ["other = EXCLUDED.other", "a"],
        ["label = person.label || EXCLUDED.name", `a${given}`],
      ] as const) {
        await session.batch("DELETE FROM person; INSERT INTO person (id, name) VALUES (1, 'a')");
        for (const id of [1, 2])
          await session.query(
            `INSERT INTO person (${columns}) VALUES (${id}, ${values}) ON CONFLICT (id) DO UPDATE SET ${set}`,
          );
        expect([columns, set, await rows()]).toEqual([
          columns,
          set,
          [
            [hit, hit],
            [given, given],
          ],
        ]);
      }
  });

  it("T11: one write changes a row once, and calls no trigger again", async () => {
    await start([
      "INSERT INTO person (name) SELECT 'n' || n FROM generate_series(1, 5) n",
      "CREATE TABLE audit (id integer, op text)",
      `CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit VALUES (NEW.id, TG_OP || pg_trigger_depth()); RETURN NULL; END'`,
      "CREATE TRIGGER audited AFTER INSERT OR UPDATE ON person FOR EACH ROW EXECUTE FUNCTION audited()",
    ]);
    for (const [statement, versions] of [
      ["UPDATE person SET label = 'x'", 5],
      ["UPDATE person SET name = 'y' WHERE id = 1", 1],
      ["UPDATE person SET other = 2 WHERE id < 3", 2],
      ["INSERT INTO person (label) VALUES ('z')", 1],
    ] as const) {
      await session.query("TRUNCATE audit");
      await session.query("SELECT pg_stat_force_next_flush()");
      await session.query("BEGIN");
      await session.query(statement);
      const { rows: counted } = await session.query(
        "SELECT (n_tup_ins + n_tup_upd)::integer AS versions FROM pg_stat_xact_user_tables WHERE relname = 'person'",
      );
      await session.query("COMMIT");
      const audit = await session.queryArrays(
        "SELECT DISTINCT op, count(*)::integer FROM audit GROUP BY id, op",
      );
      expect([counted, audit]).toEqual([[{ versions }], [[`${statement.slice(0, 6)}1`, 1]]]);
    }
  });

  it.each(["a first", "lockstep", "Z", "zz_last", "}"])(
    "T12: what a trigger of the table named %j makes of a value is in both forms",
    async (name) => {
      await start([
        `CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := lower(NEW.name); RETURN NEW; END $$`,
        `CREATE TRIGGER "${name}" BEFORE INSERT OR UPDATE OF other ON person FOR EACH ROW EXECUTE FUNCTION tidy()`,
        "INSERT INTO person (name) VALUES ('a')",
      ]);
      await session.query("INSERT INTO person (name) VALUES ('ADA')");
      // No column of ours is named, and the trigger changes one.
      await session.query("UPDATE person SET name = 'EVE' WHERE id = 1");
      await session.query("UPDATE person SET other = 1 WHERE id = 1");
      expect(await rows()).toEqual([
        ["eve", "eve"],
        ["ada", "ada"],
      ]);
    },
  );

  it("T13: a row that is written while triggers are disabled counts as one to be filled, and is", async () => {
    const { flag } = await start();
    await session.query("ALTER TABLE person DISABLE TRIGGER USER");
    await session.query("INSERT INTO person (name) VALUES ('restored')");
    await session.query("ALTER TABLE person ENABLE TRIGGER USER");
    const left = `SELECT count(*)::integer FROM person WHERE ${flag} = 0`;
    expect(await session.queryArrays(left)).toEqual([[1]]);
    await session.query(`UPDATE person SET ${flag} = 1 WHERE ${flag} = 0`);
    expect(await rows()).toEqual([["restored", "restored"]]);
  });

  it("T14: TRUNCATE needs no trigger, as both forms are in one row", async () => {
    await start(["INSERT INTO person (name) VALUES ('a')"]);
    await session.query("TRUNCATE person RESTART IDENTITY");
    await session.query("INSERT INTO person (label) VALUES ('b')");
    expect(await rows("id, name, label")).toEqual([[1, "b", "b"]]);
  });

  it("T16: columns that were dropped before and come meanwhile shift nothing, on sessions that have written before", async () => {
    await using own = await open();
    await start([
      "ALTER TABLE person ADD COLUMN a integer, ADD COLUMN b text DEFAULT 'b'",
      "ALTER TABLE person DROP COLUMN a",
    ]);
    await own.query("INSERT INTO person (name) VALUES ('one')");
    await session.query(
      "ALTER TABLE person DROP COLUMN b, ADD COLUMN c text DEFAULT 'c', ADD COLUMN d integer",
    );
    await own.query("INSERT INTO person (label) VALUES ('two')");
    await own.query("UPDATE person SET label = 'uno', name = 'uno', d = 4 WHERE id = 1");
    await session.query("ALTER TABLE person DROP COLUMN c");
    await own.query("UPDATE person SET name = 'dos' WHERE id = 2");
    expect(await rows("name, label, d")).toEqual([
      ["uno", "uno", 4],
      ["dos", "dos", null],
    ]);
  });

  it("T37: no log of changes is kept: dual writes make no table, and write no row but the one that is written", async () => {
    const relations =
      "SELECT count(*)::integer FROM pg_class WHERE relkind IN ('r', 'p', 'S', 'm')";
    await session.query("CREATE TABLE nothing (a integer)");
    const before = await session.queryArrays(`SELECT 2 + n FROM (${relations}) AS c (n)`);
    const { start: statements } = await start();
    // The table itself and the sequence of its key.
    expect(await session.queryArrays(relations)).toEqual(before);
    const bodies = statements.filter((statement) => statement.includes("FUNCTION"));
    expect(bodies.join("\n")).not.toMatch(/\b(INSERT INTO|UPDATE "|DELETE FROM)/);
    await session.query("SELECT pg_stat_force_next_flush()");
    await session.query("BEGIN");
    await session.query("INSERT INTO person (label) VALUES ('x'), ('y')");
    await session.query("UPDATE person SET name = 'z' WHERE id = 1");
    expect(
      await session.queryArrays(
        "SELECT relname::text, n_tup_ins::integer, n_tup_upd::integer, n_tup_del::integer FROM pg_stat_xact_all_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0",
      ),
    ).toEqual([["person", 2, 1, 0]]);
    await session.query("COMMIT");
  });
});
