import { expect, it } from "vitest";
import type { FilledClone } from "../../src/clone/index.ts";
import type { Sizes } from "../../src/effects/index.ts";
import { remarksOn, unknownRemarks } from "../../src/rehearse/remarks.ts";
import { readMigrations } from "../../src/tools/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { LockstepError } from "../../src/errors/index.ts";
import { foundOf } from "../../src/rehearse/found.ts";
import { lackedShare, shortOf, shortTables } from "../../src/rehearse/short-tables.ts";

function told(
  bloatBytes: number | null,
  unlinked: readonly string[] = [],
  source: { readonly isGuessed?: true } | null = {},
): readonly string[] {
  const clone: FilledClone = {
    tables: [
      {
        relation: "public.orders",
        wanted: 1_000,
        rows: 1_000,
        bytes: 2_000_000,
        wantedBytes: 5_000_000,
        unlike: [],
        unlinked,
        reason: undefined,
      },
    ],
    lacking: [],
    makers: [],
    ms: 1,
  };
  const column = { nulls: 0, distinct: -1, width: 8, correlation: 1, commonest: [] };
  const shape = { deadRows: 0, bloatBytes, toastBytes: 0, indexes: {}, foreignKeys: {} };
  const statistics: Sizes = {
    version: 1,
    takenAt: "2026-11-22T10:00:00.000Z",
    serverVersion: "18.4",
    relations:
      source === null
        ? {}
        : {
            "public.orders": {
              ...source,
              rows: 2_000,
              bytes: 8_000_000,
              totalBytes: 10_000_000,
              shape: { ...shape, columns: { id: column } },
            },
          },
  };
  return remarksOn(clone, 0.5, statistics, undefined);
}

it("a table that is smaller than its source is told with the bloat that it lacks", () => {
  const smaller = "public.orders takes 0.40 × the bytes that it has in the source, by scale 0.5";
  expect(told(6_000_000)).toEqual([
    `${smaller}: 75 % of its heap there are bloat, which a clone has none of`,
  ]);
  expect(told(100_000)).toEqual([smaller]);
  expect(told(null)).toEqual([smaller]);
});

it("a column that refers to rows which were not there yet is named", () => {
  expect(told(null, ["parent_id"])[0]).toBe(
    "public.orders: parent_id is NULL in every row: the rows that it would refer to were not there yet",
  );
});

it("what a server says of the source's own rows is not in a report", () => {
  const failed = (code: string, message: string) => {
    const cause = Object.assign(new Error(message), { code, detail: "Key (email)=(quux@a.org)" });
    const found = `${message}\n${cause.detail}`;
    return new LockstepError("migration-failed", { what: "0002.sql:1 failed", found }, { cause });
  };
  const twice = failed("23505", 'could not create unique index "one"');
  const cast = failed("22P02", 'invalid input syntax for type integer: "quux"');
  expect(foundOf(twice, false)).toContain("quux");
  expect(foundOf(twice, true)).toMatch(/^could not create unique index "one" \(SQLSTATE 23505\)/);
  expect(foundOf(cast, true)).toMatch(/^SQLSTATE 22P02;/);
  for (const one of [twice, cast]) expect(foundOf(one, true)).not.toContain("quux");
});

it("what the source has applied and this checkout lacks is named", async () => {
  using files = temporaryFolder({ "migrations/0001_a.sql": "SELECT 1;" });
  const folder = await readMigrations({ folder: "migrations", cwd: files.path });
  const applied = new Set(["0001_a", "0002_b"]);
  expect(unknownRemarks({ applied, folder })).toEqual([
    "0002_b is applied in the source and not in migrations: it is not in the clone",
  ]);
});

it("a table whose rows nothing has counted is named, and one that the source lacks", () => {
  expect(told(6_000_000, [], { isGuessed: true })[0]).toBe(
    "nothing has counted the rows of public.orders in the source: that it has 2000 is guessed from its size; ANALYZE it there",
  );
  expect(told(6_000_000, [], null)[0]).toBe(
    "public.orders is made by the applied migrations and is not in the source: what touches it is refused there",
  );
});

it("what works on a table without its rows is known, steps of plans by what they name", () => {
  const rest = { bytes: 0, unlike: [], unlinked: [], reason: undefined };
  const table = (relation: `${string}.${string}`, rows: number, wantedBytes: number) => ({
    ...rest,
    relation,
    rows,
    wanted: 100,
    wantedBytes,
  });
  const clone = {
    tables: [table("public.a", 95, 600), table('public."B c"', 80, 300), table("public.d", 0, 100)],
  };
  const short = shortTables(clone);
  expect([...short.keys()]).toEqual(['public."B c"', "public.d"]);
  expect(lackedShare(clone)).toBeCloseTo(0.4);
  const key = { kind: "foreign-key-check", relation: "public.a", parent: "public.d" } as const;
  expect(shortOf({ sql: "", work: [key] }, short)).toEqual(["public.d"]);
  expect(shortOf({ sql: "", work: [{ kind: "scan", relation: "public.a" }] }, short)).toEqual([]);
  const step = 'ALTER TABLE "B c" ALTER x TYPE text';
  expect(shortOf({ sql: step, work: undefined }, short)).toEqual(['public."B c"']);
});
