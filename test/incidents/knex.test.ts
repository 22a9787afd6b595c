import { expect, it } from "vitest";
import { lockstep as droppedColumn } from "../../examples/incidents/004-dropped-column.ts";
import { knexStack } from "./knex-stack.ts";
import { playReplays } from "./replays.ts";
import { openTheatre } from "./stage.ts";

const theatre = openTheatre({ stack: knexStack });
playReplays(theatre);

// What is particular to programs is tried by test/recording/carried-plan.test.ts.
if (process.env["LOCKSTEP_REPLAYS"] === "all") {
  it("004: the drop is a plan, which Lockstep carries, and ends when the old release has", async () => {
    expect(await theatre.playHalf(droppedColumn)).toMatchObject({
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
  });
}
