import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findRelation, readWorld } from "../../src/effects/index.ts";
import { Session } from "../../src/pg/index.ts";
import {
  nameLikeParents,
  partitionedIndexSteps,
} from "../../src/rules/partitioned-index-recipe.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { parseSql } from "../../src/sql/index.ts";

const long = "a_partition_with_a_name_that_leaves_little_room_for_anything_else";

const base = `
CREATE TABLE metrics (id bigint NOT NULL, "Kind" text NOT NULL, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST ("Kind");
CREATE TABLE metrics_2024_click PARTITION OF metrics_2024 FOR VALUES IN ('click');
CREATE TABLE metrics_2024_rest PARTITION OF metrics_2024 DEFAULT;
CREATE TABLE "${long.slice(0, 60)}" PARTITION OF metrics FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE SCHEMA old;
CREATE TABLE old.metrics_rest PARTITION OF metrics DEFAULT;
`;

describe.each([14, 18])("on %i", (major) => {
  let scratch: Scratch;
  let session: Session;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  test.each([
    ["metrics_taken_at_idx", false, "(taken_at)"],
    ["metrics_key", true, '(id, taken_at, "Kind")'],
    ["by_kind", false, `USING btree (lower("Kind") DESC) WHERE id > 0`],
  ])("%s becomes valid on every partition", async (name, unique, definition) => {
    const { url } = await scratch.createDatabase();
    session = await Session.open({ url, applicationName: "test" });
    for (const { sql } of await parseSql(base, "base.sql")) await session.query(sql);
    const world = await readWorld(session);
    const table = findRelation(world, { name: "metrics" })!;
    const shown = "public.metrics";
    const wanted = { table, shown, name, unique, definition, nameFor: nameLikeParents };
    for (const { sql } of partitionedIndexSteps(world, wanted)!) await session.query(sql);
    const { rows } = await session.query<{ table: string; valid: boolean; unique: boolean }>(
      `SELECT indrelid::regclass::text AS "table", indisvalid AS valid, indisunique AS "unique" FROM pg_index
       WHERE indrelid IN (SELECT relid FROM pg_partition_tree('metrics')) ORDER BY 1`,
    );
    expect(rows.map((row) => row.table)).toHaveLength(6);
    expect(rows.filter((row) => !row.valid || row.unique !== unique)).toEqual([]);
    // The parent's index covers partitions made later, so it is one index and not six.
    const later = await session.query(
      "SELECT count(*)::int AS n FROM pg_partition_tree($1::regclass)",
      [name],
    );
    expect(later.rows).toEqual([{ n: 6 }]);
    await session.close();
  });
});
