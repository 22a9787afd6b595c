import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { dualWriteStatements } from "../../src/plan/dual-writes/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { expected, operations, statementOf, type Form, type Row } from "./dual-write-model.ts";

/** Seed and number of the drawn sequences of statements. */
const seed = Number(process.env["LOCKSTEP_SEED"] ?? 7);
const numRuns = Number(process.env["LOCKSTEP_DUAL_WRITES"] ?? 25);

/** Upper case of ASCII, as the server's `C` locale has it. */
const forms: Readonly<Record<string, Form>> = {
  "a lossy pair with a default": {
    up: (old) => (old === null ? null : `N:${old.toUpperCase()}`),
    down: (made) => (made === null ? null : made.slice(2).toLowerCase()),
    upSql: "'N:' || upper(name)",
    downSql: "lower(substr(person.label, 3))",
    default: "Dflt",
    newNullable: true,
  },
  "a renamed column": {
    up: (old) => old,
    down: (made) => made,
    upSql: "name",
    downSql: "label",
    default: null,
    newNullable: true,
  },
  "a renamed column with a default": {
    up: (old) => old,
    down: (made) => made,
    upSql: "name",
    downSql: "label",
    default: "Ada",
    newNullable: true,
  },
  "a form without NULL": {
    up: (old) => `N:${old ?? ""}`,
    down: (made) => made?.slice(2) || null,
    upSql: "'N:' || coalesce(name, '')",
    downSql: "nullif(substr(label, 3), '')",
    default: null,
    newNullable: false,
  },
};

describe.each([14, 18])("dual writes on Postgres %i", (major) => {
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

  it.each(Object.entries(forms))(
    "T1, T3, T7: they leave what both releases wrote, statement by statement: %s",
    async (_, form) => {
      const { flag, start, stop } = await dualWriteStatements({
        plan: "p1",
        table: { schema: "public", name: "person" },
        mappings: [
          {
            old: [{ name: "name", type: "text", from: form.downSql, nullable: true }],
            new: [{ name: "label", type: "text", from: form.upSql, nullable: form.newNullable }],
          },
        ],
        searchPath: ["public"],
      });
      const before: Row[] = ["Ada", null, "x"].map((old) => ({ old, made: null, filled: false }));
      await fc.assert(
        fc.asyncProperty(operations(form), async (sequence) => {
          await session.query("DROP TABLE IF EXISTS person");
          await session.query(
            `CREATE TABLE person (id integer PRIMARY KEY, name text DEFAULT ${form.default === null ? "NULL" : `'${form.default}'`}, other integer NOT NULL DEFAULT 0)`,
          );
          await session.query("INSERT INTO person VALUES (0, 'Ada'), (1, NULL), (2, 'x')");
          await session.query("ALTER TABLE person ADD COLUMN label text");
          for (const statement of start) await session.query(statement);
          let rows: readonly Row[] = before;
          for (const operation of sequence) {
            await session.query(statementOf(operation, rows, flag));
            rows = expected(rows, operation, form);
            const found = await session.query(
              `SELECT name AS old, label AS made, ${flag} <> 0 AS filled FROM person ORDER BY id`,
            );
            expect(found.rows).toEqual(rows);
          }
          for (const statement of stop) await session.query(statement);
        }),
        { seed, numRuns },
      );
    },
    600_000,
  );
});
