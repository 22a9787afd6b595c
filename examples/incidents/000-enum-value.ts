/**
 * The paid order that was never delivered: the new release grants a kind of entitlement that production's enum
 * does not have. Payments succeed, webhooks arrive, the deploy is green.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expectation, inWords, noteSteps, type Half, type Replay } from "./narration.ts";
import {
  hasEnumValue,
  readFulfilment,
  runningReleases,
  verifiedRelease,
  type Fulfilment,
} from "./observe.ts";
import { openStage, type ReplayOptions } from "./stage.ts";

export interface NaiveEnum extends Fulfilment {
  readonly deployExitCode: number;
  /** Events of the payment provider, and how many of them the shop answered with 200. */
  readonly webhooks: number;
  readonly webhooksAccepted: number;
}

export interface GatedEnum extends Fulfilment {
  readonly gateExitCode: number;
  readonly gateMs: number;
  /** What ran after the gate had closed, and how often the pipeline went on to roll out. */
  readonly afterGate: string;
  readonly rolledOutByGate: number;
  readonly deployExitCode: number;
  readonly verified: string | undefined;
  readonly enumValue: boolean;
}

export async function enumValueMissing(
  options: ReplayOptions,
): Promise<Replay<NaiveEnum, GatedEnum>> {
  options.narrate({ kind: "scene", text: "The pipeline as it was" });
  const before = await naive(options);
  options.narrate({ kind: "scene", text: "The same release with Lockstep" });
  const after = await lockstep(options);
  const { observed: n } = before;
  const { observed: l } = after;
  return {
    naive: before,
    lockstep: after,
    expectations: [
      expectation("the deploy is green", n.deployExitCode === 0),
      expectation("every webhook is accepted", n.webhooks > 0 && n.webhooksAccepted === n.webhooks),
      expectation("orders are paid and nothing is delivered", n.paid > 0 && n.entitlements === 0),
      expectation(
        "the gate closes before the deploy command",
        l.gateExitCode === 1 && l.rolledOutByGate === 0,
      ),
      expectation("the old release goes on serving", l.afterGate === "v1"),
      expectation(
        "the deploy carries the migration through",
        l.deployExitCode === 0 && l.enumValue,
      ),
      expectation("every paid order is delivered", l.paid > 0 && l.undelivered === 0),
      expectation("the verified release is recorded", l.verified === "v2"),
    ],
  };
}

async function naive(options: ReplayOptions): Promise<Half<NaiveEnum>> {
  const { narrate, steps } = noteSteps(options.narrate);
  await using stage = await openStage({ ...options, narrate, release: "v1", applied: 2 });
  const deploy = await stage.pipeline("000-enum-value/naive-deploy.sh");
  narrate({ kind: "say", text: "Customers buy the new bundle." });
  const crowd = stage.crowd({
    products: ["studio-bundle"],
    everyMs: 120,
    // Nothing will come.
    deliveryTimeoutMs: 1_500,
    onCall: ({ what }) => {
      if (what !== "webhook") return;
      const text = `${crowd.succeeded("webhook")} payments, ${crowd.succeeded("download")} downloads`;
      narrate({ kind: "progress", text });
    },
  });
  await sleep(1_000, undefined, { signal: options.signal });
  const { calls, delivered } = await crowd.leave();
  const webhooks = calls.filter((call) => call.what === "webhook");
  const fulfilment = await readFulfilment(stage);
  const observed: NaiveEnum = {
    ...fulfilment,
    deployExitCode: deploy.exitCode,
    webhooks: webhooks.length,
    webhooksAccepted: webhooks.filter((call) => call.ok).length,
  };
  const { paid, entitlements, tokens } = observed;
  narrate({
    kind: "seen",
    good: false,
    text: `${paid} orders paid: ${entitlements} entitlements, ${tokens} download tokens, ${delivered} deliveries`,
  });
  if (observed.reason !== undefined)
    narrate({ kind: "seen", good: false, text: `the worker's log: ${observed.reason}` });
  return { steps, observed, summary: `"Deploy OK"; ${paid} orders paid, ${delivered} delivered` };
}

/** The second half alone. */
export async function lockstep(options: ReplayOptions): Promise<Half<GatedEnum>> {
  const { narrate, steps } = noteSteps(options.narrate);
  await using stage = await openStage({ ...options, narrate, release: "v1", applied: 2 });
  narrate({ kind: "say", text: "One line before the roll-out is enough to stop it:" });
  const gate = await stage.lockstep("lockstep gate --release v2 && hosting rollout v2");
  const rolledOutByGate = stage.control.rollOuts.length;
  const afterGate = runningReleases(stage);
  narrate({
    kind: "seen",
    good: afterGate === "v1",
    text: `stopped in ${inWords(gate.ms)}; release ${afterGate} goes on serving`,
  });
  narrate({
    kind: "say",
    text: "A whole deploy applies what is missing and proves the way of the money:",
  });
  const deploy = await stage.lockstep("lockstep deploy --release v2");
  const crowd = stage.crowd({ products: ["studio-bundle"], everyMs: 100 });
  await sleep(700, undefined, { signal: options.signal });
  const { delivered, paid } = await crowd.leave();
  const observed: GatedEnum = {
    ...(await readFulfilment(stage)),
    gateExitCode: gate.exitCode,
    gateMs: Math.round(gate.ms),
    afterGate,
    rolledOutByGate,
    deployExitCode: deploy.exitCode,
    verified: await verifiedRelease(stage),
    enumValue: await hasEnumValue(stage, "public.entitlement_kind", "bundle"),
  };
  narrate({
    kind: "seen",
    good: paid > 0 && delivered === paid,
    text: `customers buy bundles: ${paid} paid, ${delivered} delivered`,
  });
  return {
    steps,
    observed,
    summary: `gate closed in ${inWords(gate.ms)}; then deployed, ${delivered} of ${paid} orders delivered`,
  };
}
