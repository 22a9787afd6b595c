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

it("004: the old release fails once its column is dropped; with Lockstep the drop is a plan that ends when that release has", async () => {
  const { naive, lockstep, said } = await theatre.play(droppedColumn);
  expect(naive).toMatchObject({ deployExitCode: 0, column: false, failedBefore: 0 });
  expect(naive.failed).toBeGreaterThan(0);
  expect(lockstep).toMatchObject({
    planExitCode: 0,
    deployExitCode: 0,
    columnKept: true,
    bothRun: "v2, v3",
    earlyExitCode: 1,
    earlyRefusal: expect.stringContaining("release v2 (1 instance) was seen"),
    finishExitCode: 0,
    evidence: expect.stringContaining("only release v3 (2 instances) was seen"),
    running: "v3",
    column: false,
    failed: 0,
    undelivered: 0,
  });
  expect(said).toContainEqual(expect.stringContaining("error[release-may-run]"));
});
