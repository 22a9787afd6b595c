import { expect, it } from "vitest";
import { enumValueMissing } from "../../examples/incidents/000-enum-value.ts";
import { dayOne } from "../../examples/incidents/001-day-one.ts";
import { dayThree } from "../../examples/incidents/001-day-three.ts";
import { dayTwo } from "../../examples/incidents/001-day-two.ts";
import { pgBouncerMissing } from "../support/pgbouncer.ts";
import { all } from "./replays.ts";
import { openTheatre } from "./stage.ts";

const theatre = openTheatre();

it("000: paid orders without entitlements behind a green deploy; with Lockstep stopped, then delivered", async () => {
  const { naive, lockstep } = await theatre.play(enumValueMissing);
  expect(naive).toMatchObject({
    deployExitCode: 0,
    entitlements: 0,
    tokens: 0,
    webhooks: naive.paid,
    webhooksAccepted: naive.paid,
    undelivered: naive.paid,
    reason: 'invalid input value for enum entitlement_kind: "bundle"',
  });
  expect(naive.paid).toBeGreaterThan(0);
  expect(lockstep).toMatchObject({
    gateExitCode: 1,
    rolledOutByGate: 0,
    afterGate: "v1",
    deployExitCode: 0,
    enumValue: true,
    undelivered: 0,
    verified: "v2",
  });
  expect(lockstep.paid).toBeGreaterThan(0);
});

it("001, day one: every query of an order fails; with Lockstep stopped at the gate, then completed", async () => {
  const { naive, lockstep, said } = await theatre.play(dayOne);
  expect(naive).toMatchObject({
    deployExitCode: 0,
    column: false,
    checkouts500: naive.checkouts,
    reason: expect.stringContaining('column "confirmed_at"'),
  });
  expect(naive.checkouts).toBeGreaterThan(0);
  expect(lockstep).toMatchObject({
    firstExitCode: 1,
    afterFirst: "v1",
    secondExitCode: 0,
    column: true,
    failed: 0,
    verified: "v2",
  });
  expect(said.join("\n")).toContain("no migration was written");
});

it("001, day two: the step hangs behind the pooler and is swallowed; Lockstep refuses the pooler", async () => {
  const { naive, lockstep } = await theatre.play(dayTwo);
  expect(naive).toMatchObject({
    poolerIsReal: pgBouncerMissing === undefined,
    leakedLocks: 1,
    stepGaveUp: true,
    deployExitCode: 0,
    column: false,
    failed: naive.calls,
  });
  expect(naive.deployMs).toBeGreaterThanOrEqual(2_000);
  expect(lockstep).toMatchObject({
    firstExitCode: 2,
    afterFirst: "v1",
    namesPoolMode: true,
    secondExitCode: 0,
    column: true,
    failed: 0,
    verified: "v2",
  });
});

// The stand-in alone is tried by pooler.test.ts, and where PgBouncer is not installed the replay above is with it.
if (all) {
  it("001, day two: where PgBouncer is not installed a stand-in plays its part, and is named as one", async () => {
    const { naive, lockstep, told } = await theatre.play(dayTwo, { standIn: true });
    expect(naive).toMatchObject({ poolerIsReal: false, stepGaveUp: true, failed: naive.calls });
    expect(lockstep).toMatchObject({ firstExitCode: 2, secondExitCode: 0, failed: 0 });
    expect(told).toContainEqual({
      kind: "say",
      text: expect.stringContaining("a stand-in for PgBouncer (none is installed here)"),
    });
  });
}

it("001, day three: the attempt was recorded and not the success; Lockstep looks at the catalog", async () => {
  const { naive, lockstep } = await theatre.play(dayThree);
  expect(naive).toMatchObject({
    firstExitCode: 0,
    noted: true,
    pushed: false,
    secondExitCode: 0,
    skipped: true,
    column: false,
    failed: naive.calls,
  });
  expect(lockstep).toMatchObject({
    firstExitCode: 2,
    afterFirst: "v1",
    verifiedAfterFirst: undefined,
    secondExitCode: 0,
    column: true,
    failed: 0,
    verified: "v2",
  });
});
