import { parseContract, type Contract } from "../../contract/index.ts";
import { ScratchOnDemand } from "../../deploy/index.ts";
import { LockstepError } from "../../errors/index.ts";
import { plansInFlight, runningReleases } from "../../ledger/index.ts";
import { Session } from "../../pg/index.ts";
import { rollback } from "../../phases/index.ts";
import { renderTakenBack } from "../../report/index.ts";
import { takeBack } from "../../rollback/index.ts";
import { readStatusOn } from "../../runner/index.ts";
import { accompanied } from "../accompanied.ts";
import type { Context } from "../context.ts";
import { readSettings, scratchOptions } from "../settings.ts";
import { carryRequest, type PhaseOptions } from "./migrate.ts";

export interface RollbackOptions extends PhaseOptions {
  readonly lose?: readonly string[];
  readonly dryRun?: boolean;
}

type Carried = Awaited<ReturnType<typeof carryRequest>>;

/** `lockstep rollback`: takes the last migration back, or a plan whose contract phase has not begun. */
export async function rollbackCommand(
  name: string | undefined,
  options: RollbackOptions,
  context: Context,
): Promise<number> {
  const request = await carryRequest(options, context);
  const plan = await planMeant(request, name);
  if (plan !== undefined) return rollbackPlan(plan, request, options, context);
  const { output, url, folder, run, environment, options: given } = request;
  const { loaded } = await readSettings(options, context);
  const { known, unknown } = await readRunning(request);
  await using scratch = new ScratchOnDemand(scratchOptions(options, loaded, context));
  const about = { run, url, environment, command: "rollback", output };
  const taken = await accompanied(about, context, async (live) =>
    takeBack({
      url,
      folder,
      cwd: context.cwd,
      migration: name,
      lose: options.lose ?? [],
      running: known,
      unknown,
      consent: options.consent,
      dryRun: options.dryRun,
      scratch: async (major) => scratch.get(major),
      run,
      ...live,
      options: given,
    }),
  );
  output.result({ version: 1, environment, ...taken }, () => renderTakenBack(taken, output.style));
  return 0;
}

/** The plan that is named, or that carries the last migration now. */
async function planMeant(
  { plans, url, folder }: Carried,
  name: string | undefined,
): Promise<string | undefined> {
  if (name !== undefined && plans.some(({ manifest }) => manifest.id === name)) return name;
  await using session = await Session.open({ url, applicationName: "lockstep/rollback" });
  const inFlight = await plansInFlight(session);
  if (inFlight.length === 0) return undefined;
  if (name !== undefined)
    return inFlight.find(({ id, migration }) => id === name || migration === name)?.id;
  const { migrations } = await readStatusOn(session, folder);
  const last = migrations.findLast(({ state }) => state === "applied");
  return inFlight.find(({ migration }) => migration === last?.id)?.id;
}

async function rollbackPlan(
  plan: string,
  { output, ...request }: Carried,
  options: RollbackOptions,
  context: Context,
): Promise<number> {
  refuseForPlan(plan, options);
  const run = { ...request, output, command: "rollback" };
  const result = await accompanied(run, context, async (live) =>
    rollback({ ...request, ...live, plan, consent: options.consent, quietMs: 0 }),
  );
  output.result({ version: 1, environment: request.environment, ...result }, () =>
    [
      `plan ${plan} is taken back: the database is as it was before it, and its migration is pending again`,
      ...(result.evidence?.consent === undefined
        ? []
        : [`  at the word of ${result.evidence.consent.name}: ${result.evidence.consent.reason}`]),
    ].join("\n"),
  );
  return 0;
}

/** @throws LockstepError `usage` */
function refuseForPlan(plan: string, { lose, dryRun }: RollbackOptions): void {
  const unused = lose === undefined ? (dryRun === true ? "--dry-run" : undefined) : "--lose";
  if (unused === undefined) return;
  throw new LockstepError("usage", {
    what: `${unused} is for a migration without a plan`,
    expected: `lockstep rollback ${plan}`,
    found: unused,
    why: "the way back of a plan was proven when it was made, and loses nothing that was written",
    next: [`lockstep rollback ${plan}`],
  });
}

/** The releases that run, by whether it is known here what they need. */
async function readRunning({ url, environment, instanceTtlMs: ttlMs }: Carried) {
  await using session = await Session.open({ url, applicationName: "lockstep/rollback" });
  const known: Contract[] = [];
  const unknown: string[] = [];
  for (const { contract, contractHash, release } of await runningReleases(session, {
    environment,
    ttlMs,
  }))
    if (contract === undefined) unknown.push(release);
    else
      known.push({
        ...parseContract(contract, `lockstep.contract ${contractHash.slice(0, 12)}`),
        release,
      });
  return { known, unknown };
}
