import { expect, it } from "vitest";
import { estimate as estimateOf } from "../../src/rehearse/estimate.ts";
import { calibrate, heldAgainst, parseRehearsal, type Held } from "../../src/rehearse/index.ts";

const estimate = {
  leastMs: 500,
  likelyMs: 1_000,
  mostMs: 2_000,
  multiplier: 2,
  fixedMs: 100,
  growingMs: 900,
  reasons: [],
};
const statement = { migration: "m", file: "m.sql", line: 3, sql: "VACUUM FULL", estimate };

function took(...ms: readonly number[]): readonly Held[] {
  return ms.map((one) => ({ ...statement, ms: one, at: "2026-01-02", isInside: true }));
}

it("few past runs move an estimate little, many as far as they say; alike ones narrow, unlike ones widen", () => {
  expect(calibrate([])).toBeUndefined();
  const few = calibrate(took(3_000))!;
  const many = calibrate(took(...Array.from({ length: 40 }, () => 3_000)))!;
  expect(few.runs).toBe(1);
  expect(few.times).toBeGreaterThan(1);
  expect(few.times).toBeLessThan(1.5);
  expect(many.times).toBeGreaterThan(2.7);
  expect(many.times).toBeLessThan(3);
  expect(many.multiplier).toBeLessThan(1.3);
  const apart = calibrate(took(...Array.from({ length: 40 }, (_, n) => (n % 2 ? 250 : 4_000))))!;
  expect(apart.multiplier).toBeGreaterThan(6);
  expect(apart.times).toBeCloseTo(1, 5);
});

it("an estimate whose growth is lost among repeats says so", () => {
  const of = (...times: readonly number[]) =>
    estimateOf({
      measured: [
        { scale: 0.01, ms: 45, times: [40, 45, 50] },
        { scale: 0.05, ms: times[1]!, times },
      ],
      bareMs: 40,
      work: [],
      underLoad: undefined,
      calibration: undefined,
    })!.reasons.some((reason) => reason.includes("says little"));
  expect(of(45, 60, 80)).toBe(true);
  expect(of(80, 90, 100)).toBe(false);
});

it("grows from the least at the largest scale, and not at all where only the catalog is changed", () => {
  const of = (isCatalogOnly: boolean) =>
    estimateOf({
      measured: [
        { scale: 0.01, ms: 400, times: [60, 400, 500] },
        { scale: 0.05, ms: 300, times: [140, 300, 310] },
      ],
      bareMs: 40,
      isCatalogOnly,
      work: [],
      underLoad: undefined,
      calibration: undefined,
    });
  expect(of(false)).toMatchObject({ fixedMs: 40, growingMs: 2_000, leastMs: 1_020, mostMs: 4_080 });
  expect(of(true)).toMatchObject({ fixedMs: 40, growingMs: 0, likelyMs: 40 });
});

it("what is over at once tells nothing of later estimates", () => {
  const [one] = took(12);
  expect(calibrate([{ ...one!, estimate: { ...estimate, leastMs: 0 } }])).toBeUndefined();
});

it("only a run that came after the rehearsal is held against it", () => {
  const report = { takenAt: "2026-01-02T00:00:00.000Z", statements: [statement] } as never;
  const run = (at: string, line = 3) => [{ migration: "m", line, ms: 2_500, at }];
  expect(heldAgainst(report, run("2026-01-01T00:00:00.000Z"))).toEqual([]);
  expect(heldAgainst(report, run("2026-01-03T00:00:00.000Z", 4))).toEqual([]);
  expect(heldAgainst(report, run("2026-01-03T00:00:00.000Z"))).toMatchObject([
    { ms: 2_500, isInside: false },
  ]);
});

it.each([
  ["{", "no JSON"],
  ['{"version":2}', "version 2"],
  ['{"version":1,"takenAt":"then","statements":[]}', "no takenAt"],
  ['{"version":1,"takenAt":"2026-01-01","statements":[{"line":"3"}]}', "statement 1"],
  [
    '{"version":1,"takenAt":"2026-01-01","statements":[{"migration":"m","file":"f","sql":"s","line":3,"estimate":{"leastMs":"1"}}]}',
    "statement 1",
  ],
])("what is no report is refused: %s", (text) => {
  expect(() => parseRehearsal(text, "report.json")).toThrow(
    expect.objectContaining({ code: "rehearsal-invalid" }),
  );
});
