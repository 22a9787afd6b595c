import { expect, it } from "vitest";
import { lockQueue } from "../../examples/incidents/002-lock-queue.ts";
import { missingStep } from "../../examples/incidents/003-missing-step.ts";
import { droppedColumn } from "../../examples/incidents/004-dropped-column.ts";
import { openTheatre } from "./stage.ts";

const theatre = openTheatre();

it("002: customers stall behind an ALTER that waits; with Lockstep they are served and the change lands", async () => {
  const { naive, lockstep } = await theatre.play(lockQueue);
  expect(naive.stalled).toBeGreaterThanOrEqual(5);
  expect(naive.queued).toBeGreaterThanOrEqual(5);
  expect(naive.longestMs).toBeGreaterThan(1_500);
  expect(lockstep).toMatchObject({
    deployExitCode: 0,
    column: true,
    failed: 0,
    blockerNamed: true,
    verified: "v2",
  });
  expect(lockstep.longestMs).toBeLessThan(naive.longestMs / 2);
});

it("003: production's pipeline lacks the step; the gate stops it with all that is needed to act", async () => {
  const { naive, lockstep } = await theatre.play(missingStep);
  expect(naive).toMatchObject({
    deployExitCode: 0,
    health: 200,
    column: false,
    failed: naive.calls,
  });
  expect(lockstep).toMatchObject({
    exitCode: 1,
    rollOuts: 0,
    running: "v1",
    slots: ["expected", "found", "from", "why", "next"],
    namesStaging: true,
  });
});

it("004: the old release fails once its column is dropped; with Lockstep the drop does not happen", async () => {
  const { naive, lockstep } = await theatre.play(droppedColumn);
  expect(naive).toMatchObject({ deployExitCode: 0, column: false, failedBefore: 0 });
  expect(naive.failed).toBeGreaterThan(0);
  expect(lockstep).toMatchObject({
    exitCode: 1,
    columnKept: true,
    runningKept: "v2",
    namesRelease: true,
    failed: 0,
  });
});
