import { expect, it } from "vitest";
import { Session } from "../../../src/pg/index.ts";
import { provePlan } from "../../../src/plan/prove/prove.ts";
import { splitStatements } from "../../../src/plan/split.ts";
import { startScratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { planOf } from "../operation-harness.ts";

/** No row is let into `dog` itself. */
const base = `
CREATE TABLE animal (id integer, name text);
CREATE TABLE dog (breed text, CHECK (false) NO INHERIT) INHERITS (animal);
CREATE TABLE puppy (age integer, UNIQUE (id)) INHERITS (dog);
INSERT INTO puppy SELECT n, 'Puppy ' || n, 'mixed', 1 FROM generate_series(1, 20) n;
CREATE TABLE visit (id bigint NOT NULL, at date NOT NULL, n integer, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE visit_2026 PARTITION OF visit FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE visit_rest PARTITION OF visit DEFAULT;
`;

it.each([
  [
    "a table gets another name, and has rows in its children alone",
    "ALTER TABLE dog RENAME TO hound",
  ],
  ["the rows of a partition get another key", "UPDATE visit_2026 SET id = 1"],
])(
  "is proven: %s",
  async (_name, naive) => {
    await using scratch = await startScratch({ major: 18 });
    const { plan } = await planOf(scratch, base, naive);
    const { name } = await scratch.createDatabase();
    {
      await using session = await Session.open({
        url: scratch.urlOf(name),
        applicationName: "test",
      });
      await session.batch(base);
    }
    const statements = splitStatements(await parseSql(naive, "naive.sql"), "naive.sql");
    const request = { scratch, template: name, naive: statements, searchPath: ["public"] };
    expect((await provePlan({ ...request, plan: plan! })).failures).toEqual([]);
  },
  120_000,
);
