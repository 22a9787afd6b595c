import { expect, it } from "vitest";
import * as enumValue from "../../examples/incidents/000-enum-value.ts";
import * as dayOne from "../../examples/incidents/001-day-one.ts";
import * as dayThree from "../../examples/incidents/001-day-three.ts";
import * as dayTwo from "../../examples/incidents/001-day-two.ts";
import * as lockQueue from "../../examples/incidents/002-lock-queue.ts";
import * as missingStep from "../../examples/incidents/003-missing-step.ts";
import type { Theatre } from "./stage.ts";

/**
 * Gates that close, poolers, waiting locks, recorded attempts and plans are the same whatever wrote the schema: with another stack than Drizzle's
 * they are played where `LOCKSTEP_REPLAYS=all` asks for them (`npm run test:full`).
 */
export const all = process.env["LOCKSTEP_REPLAYS"] === "all";

/** What Lockstep stops and carries through, whatever the team keeps its schema with. */
export function playReplays(theatre: Theatre): void {
  it("000: the gate closes for the missing label, and a deploy delivers every order", async () => {
    expect(await theatre.playHalf(enumValue.lockstep)).toMatchObject({
      gateExitCode: 1,
      rolledOutByGate: 0,
      afterGate: "v1",
      deployExitCode: 0,
      enumValue: true,
      undelivered: 0,
      verified: "v2",
    });
  });

  it("003: what production lacks is named before anything ships, and where it is not lacking", async () => {
    expect(await theatre.playHalf(missingStep.lockstep)).toMatchObject({
      exitCode: 1,
      running: "v1",
      rollOuts: 0,
      namesStaging: true,
    });
  });

  if (all) {
    it("001, day one: stopped at the gate, then completed", async () => {
      expect(await theatre.playHalf(dayOne.lockstep)).toMatchObject({
        firstExitCode: 1,
        afterFirst: "v1",
        secondExitCode: 0,
        column: true,
        failed: 0,
        verified: "v2",
      });
    });

    it("001, day two: the pooler is refused, the direct address goes through", async () => {
      expect(await theatre.playHalf(dayTwo.lockstep)).toMatchObject({
        firstExitCode: 2,
        afterFirst: "v1",
        namesPoolMode: true,
        secondExitCode: 0,
        column: true,
        failed: 0,
        verified: "v2",
      });
    });

    it("001, day three: a failed attempt is not recorded, the next one looks and completes it", async () => {
      expect(await theatre.playHalf(dayThree.lockstep)).toMatchObject({
        firstExitCode: 2,
        afterFirst: "v1",
        verifiedAfterFirst: undefined,
        secondExitCode: 0,
        column: true,
        failed: 0,
        verified: "v2",
      });
    });

    it("002: the report is named, and customers are served while the change waits for it", async () => {
      expect(await theatre.playHalf(lockQueue.lockstep)).toMatchObject({
        deployExitCode: 0,
        blockerNamed: true,
        failed: 0,
        column: true,
        verified: "v2",
      });
    });
  }
}
