import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { introspect } from "../../src/catalog/index.ts";
import { Session } from "../../src/pg/index.ts";
import { dualWriteStatements, type Mapping } from "../../src/plan/dual-writes/index.ts";
import { startScratch, supportedMajors, type Scratch } from "../../src/scratch/index.ts";
import { failureOf } from "../support/failure.ts";

const renamed: Mapping = {
  old: [{ name: "name", type: "text", from: "label", nullable: true }],
  new: [{ name: "label", type: "text", from: "name", nullable: true }],
};

describe.each(supportedMajors)("writes that lose values elsewhere, on Postgres %i", (major) => {
  let scratch: Scratch;
  let session: Session;
  beforeAll(async () => {
    scratch = await startScratch({ major });
    const { url } = await scratch.createDatabase();
    session = await Session.open({ url, applicationName: "dual writes" });
    await session.query("CREATE SCHEMA lockstep");
  });
  afterAll(async () => {
    await session.close();
    await scratch.close();
  });
  beforeEach(() => session.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public"));

  /** Sets up `person`, filled with the statements, and starts dual writes of it. */
  async function start(setup: readonly string[], mappings: readonly Mapping[] = [renamed]) {
    for (const statement of setup) await session.query(statement);
    const made = await dualWriteStatements({
      plan: "p1",
      table: { schema: "public", name: "person" },
      mappings,
      searchPath: ["public"],
    });
    for (const statement of made.start) await session.query(statement);
    return made;
  }

  async function rows(columns = "name, label"): Promise<readonly unknown[][]> {
    return session.queryArrays(`SELECT ${columns} FROM person ORDER BY id`);
  }

  const person = [
    "CREATE TABLE person (id integer PRIMARY KEY, name text DEFAULT 'D', other integer)",
    "ALTER TABLE person ADD COLUMN label text",
  ];

  it("tell NULL from a column that is not given, in one statement of several rows", async () => {
    await start(person);
    await session.query(
      "INSERT INTO person (id, label) VALUES (1, DEFAULT), (2, NULL), (3, 'x'), (4, DEFAULT)",
    );
    expect(await rows()).toEqual([
      ["D", "D"],
      [null, null],
      ["x", "x"],
      ["D", "D"],
    ]);
  });

  it("forget what was not given when a trigger drops the row or writes another one", async () => {
    await start([
      ...person,
      `CREATE FUNCTION pick() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF NEW.other = 0 THEN RETURN NULL; END IF;
         IF NEW.other = 1 THEN INSERT INTO person (id, label) VALUES (NEW.id + 100, NULL); END IF;
         RETURN NEW; END $$`,
      "CREATE TRIGGER pick BEFORE INSERT ON person FOR EACH ROW EXECUTE FUNCTION pick()",
    ]);
    await session.query("BEGIN");
    await session.query("INSERT INTO person (id, other) VALUES (1, 0)");
    await session.query("INSERT INTO person (id, label) VALUES (2, NULL)");
    await session.query("INSERT INTO person (id, other) VALUES (3, 1)");
    await session.query("COMMIT");
    expect(await rows("id, name, label")).toEqual([
      [2, null, null],
      [3, "D", "D"],
      [103, null, null],
    ]);
  });

  it("T14: they see COPY, and values that a trigger of the table changed first", async () => {
    await start([
      ...person,
      `CREATE FUNCTION tidy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         NEW.name := lower(NEW.name); RETURN NEW; END $$`,
      "CREATE TRIGGER tidy BEFORE INSERT OR UPDATE ON person FOR EACH ROW EXECUTE FUNCTION tidy()",
    ]);
    await session.query(`COPY person (id, name) FROM PROGRAM 'printf "1\\tADA\\n2\\t\\\\N\\n"'`);
    await session.query(`COPY person (id, label) FROM PROGRAM 'printf "3\\tEve\\n"'`);
    expect(await rows()).toEqual([
      ["ada", "ada"],
      [null, null],
      ["Eve", "Eve"],
    ]);
  });

  it("T2, T13: they fire under session_replication_role = replica, and for a search path of one's own", async () => {
    await start(person);
    await session.query("SET session_replication_role = replica");
    await session.query("INSERT INTO person (id, name) VALUES (1, 'x')");
    await session.query("RESET session_replication_role");
    await session.query("SET search_path = pg_temp");
    await session.query("INSERT INTO public.person (id, label) VALUES (2, 'y')");
    await session.query("RESET search_path");
    expect(await rows()).toEqual([
      ["x", "x"],
      ["y", "y"],
    ]);
  });

  if (major >= 15)
    it("T14: they see MERGE", async () => {
      await start([...person, "INSERT INTO person VALUES (1, 'a')"]);
      await session.query(
        "MERGE INTO person USING (VALUES (1, 'b'), (2, 'c')) AS new (id, label) ON new.id = person.id WHEN MATCHED THEN UPDATE SET label = new.label WHEN NOT MATCHED THEN INSERT (id, label) VALUES (new.id, new.label)",
      );
      expect(await rows()).toEqual([
        ["b", "b"],
        ["c", "c"],
      ]);
    });

  it.each([
    ["numeric", "1.0", "1.00"],
    ["double precision", "0", "-0"],
    ["json", '{"a":1}', '{"a": 1}'],
    ["point", "(1,1)", "(2,2)"],
    ["xml", "<a/>", "<b/>"],
    ["text COLLATE folding", "Ada", "ADA"],
  ])("see a change of %s from %s to %s", async (type, from, to) => {
    await start(
      [
        "CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        `CREATE TABLE person (id integer PRIMARY KEY, name ${type}, label ${type})`,
        `INSERT INTO person VALUES (1, '${from}'), (2, '${from}')`,
      ].map((statement) => statement),
      [
        {
          old: [{ name: "name", type: type.split(" COLLATE")[0]!, from: "label", nullable: true }],
          new: [{ name: "label", type: type.split(" COLLATE")[0]!, from: "name", nullable: true }],
        },
      ],
    );
    await session.query(`UPDATE person SET name = '${to}' WHERE id = 1`);
    await session.query("UPDATE person SET lockstep_p1 = 1 WHERE lockstep_p1 = 0");
    await session.query(`UPDATE person SET label = '${to}' WHERE id = 2`);
    expect(await rows("name::text, label::text")).toEqual([
      [to, to],
      [to, to],
    ]);
  });

  it("T14: a partition that is attached meanwhile has the triggers, and its rows count as unfilled", async () => {
    const { flag } = await start([
      "CREATE TABLE person (id integer, name text) PARTITION BY RANGE (id)",
      "CREATE TABLE low PARTITION OF person FOR VALUES FROM (0) TO (10)",
      "ALTER TABLE person ADD COLUMN label text",
    ]);
    await session.query("CREATE TABLE high (LIKE person INCLUDING DEFAULTS)");
    await session.query("INSERT INTO high (id, name) VALUES (11, 'before')");
    await session.query("ALTER TABLE person ATTACH PARTITION high FOR VALUES FROM (10) TO (20)");
    const unfilled = `SELECT id FROM person WHERE ${flag} = 0`;
    expect(await session.queryArrays(unfilled)).toEqual([[11]]);
    await session.query("SET session_replication_role = replica");
    await session.query("INSERT INTO high (id, name) VALUES (12, 'there')");
    await session.query("INSERT INTO person (id, label) VALUES (13, 'by the whole')");
    await session.query("RESET session_replication_role");
    await session.query(`UPDATE person SET ${flag} = 1 WHERE ${flag} = 0`);
    expect(await rows()).toEqual([
      ["before", "before"],
      ["there", "there"],
      ["by the whole", "by the whole"],
    ]);
  });

  const split: Mapping = {
    old: [{ name: "Full Name", type: "text", from: `"First" || ' ' || last`, nullable: false }],
    new: [
      { name: "First", type: "text", from: `split_part("Full Name", ' ', 1)`, nullable: false },
      {
        name: "last",
        type: "text",
        from: `split_part(person."Full Name", ' ', 2)`,
        nullable: false,
      },
    ],
  };
  const whole = [
    `CREATE TABLE person (id integer PRIMARY KEY, "Full Name" text NOT NULL)`,
    "INSERT INTO person VALUES (1, 'Ada Lovelace'), (2, 'Alan Turing')",
    `ALTER TABLE person ADD COLUMN "First" text, ADD COLUMN last text`,
  ];
  const parts = `"Full Name", "First", last`;

  it("T1: they fill the other parts before the new release's one empties the whole", async () => {
    await start(whole, [split]);
    await session.query("UPDATE person SET last = 'Byron' WHERE id = 1");
    await session.query(`UPDATE person SET "Full Name" = 'Kurt Gödel' WHERE id = 2`);
    await session.query(`INSERT INTO person (id, "First", last) VALUES (3, 'Emmy', 'Noether')`);
    expect(await rows(parts)).toEqual([
      ["Ada Byron", "Ada", "Byron"],
      ["Kurt Gödel", "Kurt", "Gödel"],
      ["Emmy Noether", "Emmy", "Noether"],
    ]);
  });

  it("keep both forms of a statement that gives both when they agree, and the new one when not", async () => {
    await start(whole, [split]);
    await session.query(
      `INSERT INTO person VALUES (3, 'Emmy Noether x', 'Emmy', 'Noether'), (4, 'Kurt Gödel', 'Emmy', 'Noether')`,
    );
    expect((await rows(parts)).slice(2)).toEqual([
      ["Emmy Noether x", "Emmy", "Noether"],
      ["Emmy Noether", "Emmy", "Noether"],
    ]);
  });

  it("leave nothing behind, however often they are started and stopped", async () => {
    for (const statement of person) await session.query(statement);
    const before = await introspect(session);
    const { start: begin, stop } = await start([]);
    for (const statement of [...begin, ...stop, ...stop]) await session.query(statement);
    expect(await introspect(session)).toEqual(before);
    expect(
      await session.queryArrays(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'lockstep'::regnamespace",
      ),
    ).toEqual([]);
  });
});

it.each([
  ["upper(name", "sql-syntax"],
  ["name, name", "plan-expression"],
  ["name; DROP TABLE person", "plan-expression"],
  ["name AS x", "plan-expression"],
  ["name FROM person", "plan-expression"],
  ["(SELECT max(name) FROM person)", "plan-expression"],
  ["row_number() OVER ()", "plan-expression"],
  ["$1", "plan-expression"],
  ["*", "plan-expression"],
  ["person.*", "plan-expression"],
  ["other.name", "plan-expression"],
  ["name || city", "plan-expression"],
])("an expression that one row does not tell is refused: %s", async (from, code) => {
  const [old] = renamed.old;
  const failure = await failureOf(() =>
    dualWriteStatements({
      plan: "p1",
      table: { schema: "public", name: "person" },
      mappings: [{ old: [old!], new: [{ ...renamed.new[0]!, from }] }],
      searchPath: ["public"],
    }),
  );
  expect(failure.code).toBe(code);
});
