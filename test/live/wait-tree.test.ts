import { expect, it } from "vitest";
import type { EventBlocker } from "../../src/events/index.ts";
import { follow, idle } from "../../src/live/doing.ts";
import { waitTree, type WaitNode } from "../../src/live/index.ts";
import { waitTreeLines } from "../../src/report/wait-tree.ts";
import { renderBlockers, styleFor } from "../../src/report/index.ts";

const blocker = (pid: number): EventBlocker => ({
  pid,
  application: "shop",
  user: "app",
  state: "idle in transaction",
  transactionSeconds: 60,
  query: "UPDATE orders SET total = $1",
});

const waiter = (pid: number, seconds: number, ...behind: readonly number[]) => ({
  pid,
  application: "",
  user: "app",
  seconds,
  query: "SELECT\n  1",
  blockers: behind.map(blocker),
});

const shape = ({ pid, waiters }: WaitNode): unknown =>
  waiters.length === 0 ? pid : [pid, ...waiters.map(shape)];

it("has at its roots who waits for nobody, under each the longest wait first", () => {
  const tree = waitTree([waiter(2, 9, 1), waiter(3, 3, 2), waiter(4, 5, 2), waiter(6, 1, 5)]);
  expect(tree.map(shape)).toEqual([
    [1, [2, 4, 3]],
    [5, 6],
  ]);
  expect(tree[0]).toMatchObject({ state: "idle in transaction", seconds: 60 });
  expect(tree[0]!.waiters[0]).toMatchObject({ state: "waiting", seconds: 9 });
});

it("names everybody once: who waits for several stands under the first and says the others", () => {
  const [root, ...others] = waitTree([waiter(2, 9, 1), waiter(3, 3, 2, 1)]);
  expect(others).toEqual([]);
  expect(shape(root!)).toEqual([1, [2, 3]]);
  expect(root!.waiters[0]!.waiters[0]!.alsoBehind).toEqual([1]);
});

it("hangs a circle from the one that has waited longest", () => {
  const tree = waitTree([waiter(2, 4, 3), waiter(3, 9, 2), waiter(4, 1, 2)]);
  expect(tree.map(shape)).toEqual([[3, [2, 4]]]);
});

it("tells prepared transactions, which have no pid, by their names", () => {
  const prepared = (name: string): EventBlocker => ({
    ...blocker(0),
    application: "prepared",
    state: "prepared transaction",
    query: `PREPARE TRANSACTION '${name}'`,
  });
  const tree = waitTree([
    { ...waiter(2, 9), blockers: [prepared("a")] },
    { ...waiter(3, 3), blockers: [prepared("b"), prepared("a")] },
  ]);
  expect(waitTreeLines(tree, styleFor({ columns: 80, env: {} }))).toEqual([
    "prepared transaction 'a' of app 1 min 0 s",
    "└─ pid 2 app waiting 9.0 s: SELECT 1",
    "prepared transaction 'b' of app 1 min 0 s",
    "└─ pid 3 app waiting 3.0 s, also behind a prepared transaction: SELECT 1",
  ]);
  const since = "2026-11-23T05:00:00Z";
  const waiting = [
    { ...waiter(2, 9), blockers: [{ ...prepared("a"), since }] },
    { ...waiter(3, 3), blockers: [{ ...prepared("b"), since }] },
  ];
  const report = { version: 1, environment: "production", waiting, long: [] } as const;
  expect(renderBlockers(report, styleFor({ columns: 80, env: {} }), "")).toMatch(
    /behind +prepared transaction 'a'[^]*blocker: prepared transaction 'b' of app[^]*to end +ROLLBACK PREPARED 'b', by its owner[^]*2 sessions waiting behind 2/,
  );
});

it("is drawn in the width of the terminal", () => {
  const tree = waitTree([waiter(2, 9, 1), waiter(3, 3, 2), waiter(4, 5, 1)]);
  const lines = waitTreeLines(tree, styleFor({ columns: 80, env: {} }));
  expect(lines).toEqual([
    "pid 1 app (shop) idle in transaction 1 min 0 s: UPDATE orders SET total = $1",
    "├─ pid 2 app waiting 9.0 s: SELECT 1",
    "│  └─ pid 3 app waiting 3.0 s: SELECT 1",
    "└─ pid 4 app waiting 5.0 s: SELECT 1",
  ]);
  expect(waitTreeLines(tree, styleFor({ columns: 60, env: {} }))[0]).toHaveLength(56);
});

it("a step that gave way is told since its first attempt, whatever of its transaction is done again before it", () => {
  const statement = (line: number) => ({
    migration: "0002",
    file: "0002.sql",
    line,
    sql: `SELECT ${line}`,
  });
  const started = (line: number, attempt: number) =>
    ({ type: "step.started", statement: statement(line), attempt }) as const;
  const retried = (attempt: number) =>
    ({
      type: "step.retried",
      statement: statement(2),
      attempt,
      reason: "lock",
      pauseMs: 0,
    }) as const;
  const events = [
    started(1, 1),
    started(2, 1),
    retried(1),
    started(1, 2),
    started(2, 2),
    retried(2),
  ];
  const last = [...events, started(1, 3), started(2, 3)].reduce(
    (doing, event, second) => follow(doing, event, new Date(second * 1_000)),
    idle,
  );
  const { since, attempt } = last.step!;
  expect([attempt, since]).toEqual([3, "1970-01-01T00:00:01.000Z"]);
});
