import { describe, expect, it } from "vitest";
import { fillClone, type FilledClone } from "../../src/clone/index.ts";
import { readStatistics, type Sizes } from "../../src/effects/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { sourceRows, sourceSql } from "./source.ts";

async function on<Value>(url: string, work: (session: Session) => Promise<Value>): Promise<Value> {
  await using session = await Session.open({ url, applicationName: "test" });
  return await work(session);
}

/** An empty database of the same schema, filled. */
async function cloned(
  scratch: Scratch,
  statistics: Sizes,
  options: { readonly scale: number; readonly seed: number },
): Promise<{ readonly url: string; readonly clone: FilledClone }> {
  const { url } = await scratch.createDatabase();
  const clone = await on(url, async (session) => {
    for (const statement of sourceSql.split(";\n")) await session.query(statement);
    return fillClone({ session, statistics, ...options });
  });
  return { url, clone };
}

/** Every CHECK and foreign key anew, over all rows. */
const checkAll = `DO $$
  DECLARE one record; text text;
  BEGIN
    FOR one IN SELECT c.conname, c.conrelid::regclass AS relation, pg_get_constraintdef(c.oid) AS definition
                 FROM pg_constraint c WHERE c.contype IN ('c', 'f') AND c.conrelid <> 0 AND c.conparentid = 0 AND c.conislocal LOOP
      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.relation, one.conname);
      EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', one.relation, one.conname, one.definition);
    END LOOP;
    ALTER DOMAIN email ADD CHECK (VALUE LIKE '%@%');
  END $$`;

/** Rows of all tables in one text. */
async function printed(url: string): Promise<string> {
  return on(url, async (session) => {
    const tables = ["org", "person", "membership", "badge", "event", "bucket", "guarded"];
    const lists = tables.map(
      (name) => `SELECT string_agg(t::text, ' ' ORDER BY t::text) AS rows FROM ${name} t`,
    );
    const { rows } = await session.query<{ rows: string }>(lists.join(" UNION ALL "));
    return rows.map((row) => row.rows).join("\n");
  });
}

/** Nulls, kinds of values, the commonest ones and widths are those of the source. */
function compareShapes(source: Sizes, clone: Sizes): void {
  for (const name of ["public.org", "public.person", "public.seat", "public.event_2023"] as const) {
    const [one, other] = [
      source.relations[name]!.shape!.columns,
      clone.relations[name]!.shape!.columns,
    ];
    for (const [column, shape] of Object.entries(one)) {
      const made = other[column]!;
      const at = `${name}.${column}`;
      expect([
        at,
        Math.abs(made.nulls - shape.nulls) < 0.02 + 1 / Math.sqrt(clone.relations[name]!.rows),
      ]).toEqual([at, true]);
      const first = (commonest: readonly number[]) => commonest[0] ?? 0;
      expect([
        at,
        Math.abs(first(made.commonest) - first(shape.commonest)) <
          0.02 + 1 / Math.sqrt(clone.relations[name]!.rows),
      ]).toEqual([at, true]);
    }
  }
}

describe.each([14, 18])("a clone from statistics, Postgres %i", (major) => {
  it("has as many rows, and obeys keys, CHECKs, domains, partitions and foreign keys", async () => {
    await using scratch = await startScratch({ major });
    const source = await scratch.createDatabase();
    const statistics = await on(source.url, async (session) => {
      await session.batch(sourceSql);
      await session.batch(sourceRows);
      return readStatistics(session);
    });
    const { url, clone } = await cloned(
      scratch,
      {
        ...statistics,
        relations: {
          ...statistics.relations,
          "public.impossible": { rows: 10, bytes: 0, totalBytes: 0 },
          "public.elsewhere": { rows: 10, bytes: 0, totalBytes: 0 },
          // Nothing is known of its columns, one of which is called as every object's member is.
          "public.coin": { rows: 180, bytes: 0, totalBytes: 0 },
        },
      },
      { scale: 0.5, seed: 1 },
    );
    const rows = await printed(url);
    expect(clone.lacking).toEqual([]);
    expect(clone.tables.filter(({ reason }) => reason !== undefined)).toEqual([
      expect.objectContaining({
        relation: "public.impossible",
        wanted: 5,
        rows: 0,
        reason: "no row was found that meets CHECK ((md5(word) = 'never'::text))",
      }),
      expect.objectContaining({ relation: "public.ratio", reason: "division by zero" }),
      expect.objectContaining({
        relation: "public.elsewhere",
        wanted: 5,
        rows: 0,
        reason: "a rule on INSERT takes its rows elsewhere",
      }),
    ]);
    for (const { relation, wanted, rows } of clone.tables)
      if (
        !["public.impossible", "public.coin", "public.ratio", "public.elsewhere"].includes(relation)
      )
        expect([relation, rows]).toEqual([
          relation,
          Math.round(statistics.relations[relation]!.rows / 2) || wanted,
        ]);
    // Keys that share a column refer to rows of one organisation; those of the table itself are not there yet.
    expect(clone.tables.filter(({ unlinked }) => unlinked.length > 0)).toEqual([
      expect.objectContaining({ relation: "public.task", unlinked: ["follows"] }),
    ]);
    // Of the two of which each row has one.
    expect(clone.tables.flatMap(({ unlike }) => unlike)).toEqual(["x", "y"]);
    await on(url, async (session) => {
      // What made the rows does not look anything up: all is looked up here.
      await session.query(checkAll);
      for (const { next, select, sql, columns } of clone.makers) {
        const names = columns
          .map((name) => JSON.stringify(name).replaceAll('\\"', '""'))
          .join(", ");
        await session.query(`INSERT INTO ${sql} (${names}) OVERRIDING SYSTEM VALUE ${select}`, [
          next,
        ]);
      }
      const { rows: moods } = await session.query("SELECT FROM moods");
      expect(moods.length).toBeGreaterThan(1);
      const again = await readStatistics(session);
      compareShapes(statistics, again);
    });
    const other = await cloned(scratch, statistics, { scale: 0.5, seed: 2 });
    expect(await printed(other.url)).not.toBe(rows);
    const same = await cloned(scratch, statistics, { scale: 0.5, seed: 1 });
    expect(await printed(same.url)).toBe(rows);
    // What the server cannot do is no reason for a shorter table.
    const { url: full } = await scratch.createDatabase();
    const relations = { "public.one": { rows: 5, bytes: 0, totalBytes: 0 } };
    await on(full, async (session) => {
      await session.batch(`
        CREATE FUNCTION no_room(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
        CREATE TABLE one (id int PRIMARY KEY, made int GENERATED ALWAYS AS (no_room(id)) STORED)`);
      const request = { session, statistics: { ...statistics, relations }, scale: 1, seed: 1 };
      await expect(fillClone(request)).rejects.toMatchObject({
        code: "scratch-unavailable",
        explanation: { found: "No space left on device" },
      });
    });
  });
});
