import { expect, it } from "vitest";
import type { EventBody } from "../../src/events/index.ts";
import { progressReporter, styleFor } from "../../src/report/index.ts";

/** What a reporter writes for some events. */
function told(events: readonly EventBody[], isTTY = false, columns = 80): string {
  let text = "";
  const style = styleFor({ isTTY: false, columns, env: {} });
  const report = progressReporter((part) => (text += part), style, isTTY);
  for (const event of events) report({ at: "2026-11-21T10:00:00.000Z", run: "r", ...event });
  return text;
}

const reason = {
  signal: "replicas",
  subject: "standby1",
  effect: "stop",
  value: 12,
  limit: 10,
  unit: "s",
  text: "standby standby1 is 12.0 s behind; limit 10 s",
} as const;

const progress = {
  type: "backfill.progress",
  backfill: "p1/1",
  passed: 620_000,
  changed: 619_000,
  estimate: 1_000_000,
  rowsPerSecond: 80_123.4,
  remaining: { least: 181, most: 296 },
  verdict: "go",
  reasons: [],
} as const satisfies EventBody;

it("tells a backfill in lines that fit, for logs", () => {
  expect(
    told([
      {
        type: "backfill.started",
        backfill: "p1/1",
        table: '"public"."orders"',
        estimate: 1_000_000,
        passed: 50_000,
        workers: 1,
      },
      { type: "backfill.steered", backfill: "p1/1", verdict: "go", duty: 1, reasons: [] },
      progress,
      { type: "backfill.steered", backfill: "p1/1", verdict: "stop", duty: 0.4, reasons: [reason] },
      {
        type: "backfill.vacuumed",
        backfill: "p1/1",
        table: '"public"."orders"',
        outcome: "done",
        reason: "",
        ms: 420,
      },
      {
        type: "backfill.vacuumed",
        backfill: "p1/1",
        table: '"public"."orders"',
        outcome: "cancelled",
        reason: "somebody waits for its lock",
        ms: 420,
      },
      {
        type: "backfill.rejected",
        backfill: "p1/1",
        key: ["4", "a"],
        sqlstate: "22012",
        message: "division by zero",
      },
      {
        type: "backfill.finished",
        backfill: "p1/1",
        outcome: "rejected",
        passed: 1_000_000,
        changed: 999_999,
        ms: 12_400,
      },
    ]),
  ).toMatchInlineSnapshot(`
    "backfill p1/1: "public"."orders", about 1,000,000 rows, 50,000 passed before
      → at full speed
      … stands: standby standby1 is 12.0 s behind; limit 10 s
      ✓ vacuumed "public"."orders" in 420 ms
      ! vacuum of "public"."orders" cancelled: somebody waits for its lock
      ✗ row 4, a cannot be filled: division by zero (22012)
      ! p1/1 rejected: 1,000,000 rows passed, 999,999 changed, 12.4 s
    "
  `);
});

it("draws one line on a terminal: share, rows, rate, time to the end as a range, and the reason", () => {
  expect(told([progress], true)).toBe(
    "\r\u001B[2K  ███████░░░░░  62 % 620,000 rows · 80,123/s · 3 to 5 min left",
  );
  const standing = { ...progress, verdict: "stop", reasons: [reason], remaining: null } as const;
  expect(told([standing], true, 120)).toBe(
    "\r\u001B[2K  ██████████████░░░░░░░░░░  62 % 620,000 rows · 80,123/s · stop: standby standby1 is 12.0 s behind; limit 10 s",
  );
  // Statistics can say fewer rows than there are: it is not full before the end.
  expect(told([{ ...progress, passed: 2_000_000 }], true)).toContain("███████████░  99 %");
});
