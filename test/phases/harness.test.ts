import { describe, it } from "vitest";
import { startScratch } from "../../src/scratch/index.ts";
import { harnessed } from "./harness.ts";
import { isChosen } from "./harness-choice.ts";
import { renameCase } from "./rename-case.ts";

/** Every moment, every major and every operation: scripts/plan-harness.mjs. */
const majors = (process.env["LOCKSTEP_TEST_MAJORS"] ?? "18").split(",").map(Number);

const operation = "rename column, noted";

describe.each(majors.filter((major) => isChosen(operation, renameCase.name, major)))(
  "start, abort, start, finish, on Postgres %i",
  (major) => {
    it("kill -9 on the way leaves nothing lost and nothing over, with both releases writing", async () => {
      await using scratch = await startScratch({ major });
      await harnessed(
        scratch,
        {
          operation,
          does: "as above, with a note of each write in its own transaction that says what the row must hold",
        },
        renameCase,
      );
    }, 1_800_000);
  },
);
