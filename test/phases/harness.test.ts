import { describe, it } from "vitest";
import { startScratch } from "../../src/scratch/index.ts";
import { harnessed } from "./harness.ts";
import { isChosen, isHarness } from "./harness-choice.ts";
import { hotCase } from "./hot-case.ts";
import { renameCase } from "./rename-case.ts";

/** Every moment, every major and every operation: scripts/plan-harness.mjs. */
const majors = (process.env["LOCKSTEP_TEST_MAJORS"] ?? "18").split(",").map(Number);

const operation = "rename column, noted";
const hot = "unique columns, upserted at once";

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

if (isHarness)
  describe.each(majors.filter((major) => isChosen(hot, hotCase.name, major)))(
    "start, abort, start, finish, with hot keys, on Postgres %i",
    (major) => {
      it("sessions that upsert the same new key wait for each other as without a plan", async () => {
        await using scratch = await startScratch({ major });
        const does =
          "a renamed column, a changed type and a conversion: a trigger has who writes a new key wait for who writes it too";
        await harnessed(scratch, { operation: hot, does }, hotCase);
      }, 1_800_000);
    },
  );
