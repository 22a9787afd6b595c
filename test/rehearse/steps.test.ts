import { expect, test } from "vitest";
import type { EventBody } from "../../src/events/index.ts";
import type { RehearsedStatement } from "../../src/rehearse/index.ts";
import type { ProcessorWaits } from "../../src/rehearse/processor-waits.ts";
import type { Ran } from "../../src/rehearse/run-once.ts";
import { StepLog } from "../../src/rehearse/steps.ts";
import { wholeEstimate, type Done } from "../../src/rehearse/told.ts";

test("of a statement a quarter of its time is left, however long a session of the run has waited", () => {
  const log = new StepLog({ since: () => 3_600_000 } as unknown as ProcessorWaits);
  const statement = { file: "1.sql", line: 1, sql: "SELECT 1" };
  log.emit({ type: "step.started", statement } as EventBody);
  log.emit({ type: "step.finished", statement, ms: 400 } as EventBody);
  expect(log.steps()[0]).toMatchObject({ ms: 400, workMs: 100 });
});

test("what the runner does around the statements does not grow with the rows; a plan's backfill, which is no statement, does", () => {
  const ran = (ms: number, around: number, carried: readonly string[] = []) => {
    const step = { ms, workMs: ms };
    return {
      began: 50,
      ended: 50 + ms + around,
      steps: [step],
      samples: looks,
      carried,
    } as unknown as Ran;
  };
  const looks = [{ wal: 0, bytes: 0 }];
  const clone = { tables: [], ms: 1 };
  const at = (scale: number, one: Ran, again: Ran) =>
    ({ scale, clone, ran: one, repeats: [again] }) as unknown as Done;
  const estimate = { likelyMs: 400, leastMs: 200, mostMs: 800, multiplier: 2, reasons: [] };
  const statements = [{ estimate }] as unknown as RehearsedStatement[];
  const whole = (plans: readonly string[]) =>
    wholeEstimate(
      [
        at(0.01, ran(4, 130, plans), ran(4, 100, plans)),
        at(0.05, ran(20, 190, plans), ran(20, 180, plans)),
      ],
      [ran(1, 120, plans)],
      statements,
      undefined,
    )!;
  expect(whole([])).toMatchObject({ leastMs: 250, likelyMs: 500, mostMs: 1_000 });
  expect(whole(["p1"]).likelyMs).toBeGreaterThan(2_000);
  expect(wholeEstimate([], [], [], undefined)).toBeUndefined();
});
