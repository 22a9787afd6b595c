import { expect } from "vitest";
import * as droppedColumn from "../../examples/incidents/004-dropped-column.ts";
import { prismaStack } from "./prisma-stack.ts";
import { all, playReplays } from "./replays.ts";
import { itWhere } from "../support/it-where.ts";
import { openTheatre } from "./stage.ts";

const theatre = openTheatre({ stack: prismaStack });
playReplays(theatre);

itWhere(all)("004: the column goes when nobody reads it any more", async () => {
  expect(await theatre.playHalf(droppedColumn.lockstep)).toMatchObject({
    planExitCode: 0,
    deployExitCode: 0,
    columnKept: true,
    bothRun: "v2, v3",
    finishExitCode: 0,
    column: false,
    failed: 0,
    undelivered: 0,
  });
});
