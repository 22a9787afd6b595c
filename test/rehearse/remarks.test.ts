import { expect, it } from "vitest";
import type { FilledClone } from "../../src/clone/index.ts";
import type { Sizes } from "../../src/effects/index.ts";
import { remarksOn } from "../../src/rehearse/remarks.ts";

function told(bloatBytes: number | null, unlinked: readonly string[] = []): readonly string[] {
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
    relations: {
      "public.orders": {
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
