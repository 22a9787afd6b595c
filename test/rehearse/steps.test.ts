import { expect, test } from "vitest";
import type { EventBody } from "../../src/events/index.ts";
import type { ProcessorWaits } from "../../src/rehearse/processor-waits.ts";
import { StepLog } from "../../src/rehearse/steps.ts";

test("of a statement a quarter of its time is left, however long a session of the run has waited", () => {
  const log = new StepLog({ since: () => 3_600_000 } as unknown as ProcessorWaits);
  const statement = { file: "1.sql", line: 1, sql: "SELECT 1" };
  log.emit({ type: "step.started", statement } as EventBody);
  log.emit({ type: "step.finished", statement, ms: 400 } as EventBody);
  expect(log.steps()[0]).toMatchObject({ ms: 400, workMs: 100 });
});
