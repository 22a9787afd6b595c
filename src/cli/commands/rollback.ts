import { parseContract, type Contract } from "../../contract/index.ts";
import { ScratchOnDemand } from "../../deploy/index.ts";
import { LockstepError } from "../../errors/index.ts";
import { plansInFlight, runningReleases } from "../../ledger/index.ts";
import { redact, Session } from "../../pg/index.ts";
import { rollback } from "../../phases/index.ts";
import { installed, shownCommand } from "../../processes/index.ts";
import { renderTakenBack } from "../../report/index.ts";
import { takeBack, type OwnCommand } from "../../rollback/index.ts";
import { readStatusOn } from "../../runner/index.ts";
import { accompanied } from "../accompanied.ts";
import type { Context } from "../context.ts";
import { readSettings, scratchOptions, urlVariables } from "../settings.ts";
import { carryRequest, type PhaseOptions } from "./migrate.ts";

export interface RollbackOptions extends PhaseOptions {
  readonly lose?: readonly string[];
  readonly dryRun?: boolean;
}

type Carried = Awaited<ReturnType<typeof carryRequest>>;

/** `lockstep rollback`: takes the last migration back, or a plan whose contract phase has not begun. */
export async function rollbackCommand(
  name: string | undefined,
  words: readonly string[] | undefined,
  options: RollbackOptions,
  context: Context,
): Promise<number> {
  requireWords(words);
  const request = await carryRequest(options, context);
  const plan = await planMeant(request, name);
  if (plan !== undefined) return rollbackPlan(plan, words, request, options, context);
  const { output, url, folder, run, environment, options: given } = request;
  const { loaded } = await readSettings(options, context);
  const { known, unknown } = await readRunning(request);
  await using scratch = new ScratchOnDemand(scratchOptions(options, loaded, context));
  const about = { run, url, environment, command: "rollback", output };
  const taken = await accompanied(about, context, async (live) =>
    takeBack({
      url,
      folder,
      // Not where the command is run: a down file that is not found would be no way back.
      cwd: options.folder === undefined ? loaded.folder : context.cwd,
      migration: name,
      command: ownCommand(request, words, context),
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

/** @throws LockstepError `usage` for dashes with nothing behind them */
function requireWords(words: readonly string[] | undefined): void {
  if (words?.length !== 0) return;
  throw new LockstepError("usage", {
    what: "no command stands behind --",
    expected: "lockstep rollback -- npx knex migrate:down",
    next: ["name the migration tool's own command, or leave -- away"],
  });
}

/**
 * The tool's own way back, where the migrations are programs: as it was given, else as its manual has it.
 * @throws LockstepError `usage` for a command where the migrations are SQL
 */
function ownCommand(
  { folder, loaded, url }: Carried,
  words: readonly string[] | undefined,
  { cwd, env }: Context,
): OwnCommand | undefined {
  const { program, tool, path } = folder;
  if (program === undefined) {
    if (words === undefined) return undefined;
    throw new LockstepError("usage", {
      what: "a command behind -- is for migrations that are programs",
      expected: "lockstep rollback",
      found: `${path}, files of SQL of ${tool}`,
      why: "Lockstep takes SQL back itself, under its own lock",
      next: ["lockstep rollback, without a command"],
    });
  }
  // What a tool that is only named does elsewhere than on scratch cannot be held back.
  if (tool === "command") return undefined;
  const own = words ?? program.takesBack?.split(" ");
  if (own === undefined) return undefined;
  const place = words === undefined ? program.cwd : cwd;
  return {
    command: installed(own, place),
    // It is part of what is printed, and of what the ledger keeps.
    shown: redact(shownCommand(own), url),
    cwd: place,
    env,
    urlVariables: urlVariables(loaded),
  };
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
  words: readonly string[] | undefined,
  { output, ...request }: Carried,
  options: RollbackOptions,
  context: Context,
): Promise<number> {
  refuseForPlan(plan, words, options);
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
function refuseForPlan(
  plan: string,
  words: readonly string[] | undefined,
  { lose, dryRun }: RollbackOptions,
): void {
  const given = [lose && "--lose", dryRun === true && "--dry-run", words && "a command behind --"];
  const unused = given.find((one) => typeof one === "string");
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
