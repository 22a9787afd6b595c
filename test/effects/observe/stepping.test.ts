import { describe, expect, it } from "vitest";
import { Observer } from "../../../src/effects/observe/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { startScratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { locksOf } from "./support.ts";

/** `LOCKSTEP_STEPPING_ROUNDS=20` for a night of its own. */
const runs = Number(process.env["LOCKSTEP_STEPPING_ROUNDS"] ?? 3);

const schema = `
  CREATE TABLE t (id int PRIMARY KEY, v int);
  CREATE INDEX t_v ON t (v);
  CREATE TABLE parts (k int) PARTITION BY LIST (k);
  CREATE TABLE part PARTITION OF parts FOR VALUES IN (1);
  CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
  CREATE UNIQUE INDEX m_id ON m (id);`;

/** A round that ends as it began, so that it can be run again. */
const round = `
  CREATE INDEX CONCURRENTLY made ON t (v);
  DROP INDEX CONCURRENTLY made;
  REINDEX INDEX CONCURRENTLY t_v;
  REINDEX TABLE CONCURRENTLY t;
  ALTER TABLE parts DETACH PARTITION part CONCURRENTLY;
  ALTER TABLE parts ATTACH PARTITION part FOR VALUES IN (1);
  REFRESH MATERIALIZED VIEW CONCURRENTLY m;
  VACUUM t;
  VACUUM FULL t;
  CLUSTER t USING t_pkey`;

/** An index that a later file finds. */
const prepared = "CREATE INDEX made ON t (v)";

describe.each([14, 15, 16, 17, 18])("statements in transactions of their own, on %i", (major) => {
  it(
    `show the same locks ${runs} times`,
    async () => {
      await using scratch = await startScratch({ major });
      const database = await scratch.createDatabase();
      {
        await using session = await Session.open({ url: database.url, applicationName: "test" });
        await session.batch(schema);
      }
      await using observer = await Observer.open({ url: database.url, rows: 20 });
      const observe = async (sql: string) => {
        const statements = await parseSql(sql, "round.sql");
        await observer.startFile({ file: "round.sql", statements, transaction: "statement" });
        const seen: string[][] = [];
        for (const statement of statements) {
          const observed = await observer.run(statement);
          expect(observed.effect.failures).toEqual([]);
          seen.push([...locksOf(observed)]);
        }
        return seen;
      };
      const rounds: string[] = [];
      for (let run = 0; run < runs; run++) {
        await observe(prepared);
        const seen = [
          ...(await observe("DROP INDEX CONCURRENTLY made")),
          ...(await observe(round)),
        ];
        rounds.push(JSON.stringify(seen));
      }
      expect(new Set(rounds).size).toBe(1);
      const [dropExisting, create, drop, reindex, , detach] = JSON.parse(rounds[0]!) as string[][];
      expect(dropExisting).toEqual([
        "index public.made AccessExclusive",
        "table public.t ShareUpdateExclusive",
      ]);
      expect(create).toEqual(["table public.t ShareUpdateExclusive"]);
      expect(drop).toEqual(["table public.t ShareUpdateExclusive"]);
      expect(reindex).toContain("table public.t ShareUpdateExclusive");
      expect(detach).toEqual([
        "table public.part AccessExclusive",
        "partitioned table public.parts ShareUpdateExclusive",
      ]);
    },
    20_000 * runs,
  );
});
