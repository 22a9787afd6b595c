import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diff, fingerprint, introspect, type Catalog } from "../../src/catalog/index.ts";
import * as facets from "../../src/catalog/facets.ts";
import type { Session } from "../../src/pg/index.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { majors, openFixture, startWithFixture } from "./database.ts";
import { harmless, mutations } from "./mutations.ts";

it("covers every kind of difference", () => {
  const kinds = new Set(mutations.flatMap(({ differences }) => differences.map(([kind]) => kind)));
  const changes = Object.values(facets)
    .flatMap((one) => Object.keys(one))
    // The test of the option that makes it count covers this one.
    .filter((kind) => kind !== "not-null-name-changed");
  expect([...new Set(changes)].filter((kind) => !kinds.has(kind))).toEqual([]);
  expect(kinds.size).toBeGreaterThan(90);
  expect(mutations.length).toBeGreaterThan(130);
});

const asked = process.env["LOCKSTEP_TEST_MAJORS"]?.split(",").map(Number) ?? [18];

/** All on the newest major or on those that are asked for, every third on the others. */
const some = <Case>(cases: readonly Case[], major: number): readonly Case[] =>
  asked.includes(major) ? cases : cases.filter((_, index) => index % 3 === major % 3);

describe.each(majors)("Postgres %i", (major) => {
  let scratch: Scratch;
  let session: Session;
  let before: Catalog;
  let unchanged: string;

  beforeAll(async () => {
    scratch = await startWithFixture(major);
    session = await openFixture(scratch);
    before = await introspect(session);
    unchanged = await fingerprint(before);
  });
  afterAll(async () => {
    await session.close();
    await scratch.close();
  });

  /** The catalog after a change that is rolled back again. */
  const after = async (sql: string): Promise<Catalog> => {
    try {
      await session.batch(`BEGIN; ${sql}`);
      return await introspect(session, { transaction: "caller" });
    } finally {
      await session.batch("ROLLBACK");
    }
  };

  it("finds nothing between a catalog and itself", async () => {
    expect(await diff(before, JSON.parse(JSON.stringify(before)) as Catalog)).toEqual([]);
    expect(unchanged).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each(
    some(
      mutations.filter(({ since }) => since <= major),
      major,
    ),
  )("$sql", async ({ sql, differences }) => {
    const changed = await after(sql);
    const found = await diff(before, changed);
    expect(found.map(({ kind, object }) => [kind, object])).toEqual(differences);
    expect(await fingerprint(changed)).not.toBe(unchanged);
    const back = await diff(changed, before);
    expect(back.map(({ before: old, after: now }) => [now, old])).toEqual(
      expect.arrayContaining(found.map(({ before: old, after: now }) => [old, now])),
    );
    expect(back).toHaveLength(found.length);
  });

  it.each(some(harmless, major))("is the same after: %s", async (sql) => {
    const changed = await after(sql);
    expect(await diff(before, changed)).toEqual([]);
    expect(await fingerprint(changed)).toBe(unchanged);
  });
});
