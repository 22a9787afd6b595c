import { expect, it } from "vitest";
import type { EventBody } from "../../src/events/index.ts";
import { progressReporter, styleFor } from "../../src/report/index.ts";

const statement = {
  migration: "0002_late",
  file: "migrations/0002_late.sql",
  line: 3,
  sql: "ALTER TABLE orders ADD COLUMN late int",
};

/** What a reporter writes for some events. */
function told(events: readonly EventBody[], isTTY = false): string {
  let text = "";
  const report = progressReporter(
    (part) => (text += part),
    styleFor({ isTTY: false, columns: 80, env: {} }),
    isTTY,
  );
  for (const event of events) report({ at: "2026-11-21T10:00:00.000Z", run: "r", ...event });
  return text;
}

const blockers = [
  {
    pid: 4711,
    application: "report",
    user: "app",
    state: "idle in transaction",
    transactionSeconds: 200,
    query: "SELECT count(*) FROM orders WHERE email = $1",
  },
];

const run: readonly EventBody[] = [
  { type: "run.started", command: "migrate", target: "app@db:5432/shop", pending: 2 },
  { type: "migration.started", migration: "0001_shop", number: 1, of: 2, resumed: false },
  { type: "step.started", statement, attempt: 1 },
  { type: "step.finished", statement, ms: 3 },
  { type: "migration.finished", migration: "0001_shop", ms: 12 },
  { type: "migration.started", migration: "0002_late", number: 2, of: 2, resumed: true },
  { type: "step.started", statement, attempt: 1 },
  { type: "step.blocked", statement, waitedMs: 1_000, blockers },
  { type: "step.blocked", statement, waitedMs: 2_000, blockers },
  { type: "step.retried", statement, attempt: 1, reason: "lock timeout", pauseMs: 250 },
  { type: "step.failed", statement, reason: "it failed" },
  { type: "run.finished", outcome: "failed", applied: 1, ms: 4_000 },
];

it("tells a run in lines that fit, for logs", () => {
  expect(told(run)).toMatchInlineSnapshot(`
    "migrate app@db:5432/shop: 2 pending migrations
      ✓ 0001_shop 12 ms
      ↻ resuming 0002_late where it stopped
      … waiting 1.0 s for a lock: migrations/0002_late.sql:3
      pid 4711      app report idle in transaction for 3 min 20 s: SELECT count(*)
                    FROM orders WHERE email = $1
                    to end it: lockstep blockers, in another terminal
      … attempt 1 gave up (lock timeout); trying again in 250 ms: nothing
        queues behind us meanwhile
      ✗ migrations/0002_late.sql:3

    "
  `);
});

it("redraws one line on a terminal, and leaves none of it", () => {
  const text = told(run, true);
  expect(text).toContain("\r\u001B[2K  … ALTER TABLE orders ADD COLUMN late int");
  const screen = text.split("\n").map((line) => line.slice(line.lastIndexOf("\u001B[2K") + 4));
  expect(screen.filter((line) => line.startsWith("  … ALTER"))).toEqual([]);
  // Who is in the way is said once; after that only the time goes on.
  expect(text.split("app report idle in transaction").length - 1).toBe(1);
  expect(text).toContain("\r\u001B[2K  … waiting 2.0 s for a lock");
});

it("tells a deploy by its stages, and leaves a line free before the error", () => {
  const text = told([
    { type: "stage.started", stage: "migrate", detail: "migrations" },
    { type: "run.started", command: "deploy", target: "app@db:5432/shop", pending: 1 },
    { type: "run.finished", outcome: "failed", applied: 0, ms: 5 },
    {
      type: "notice",
      severity: "warning",
      message: `no probe touches ${"public.orders, ".repeat(6)}`,
    },
    { type: "stage.failed", stage: "migrate", detail: "it failed" },
  ]);
  expect(text).toMatchInlineSnapshot(`
    "migrate  migrations
      ! no probe touches public.orders, public.orders, public.orders,
        public.orders, public.orders, public.orders, 
      ✗ stopped at migrate

    "
  `);
});
