import { randomUUID } from "node:crypto";
import { instanceTtlMs } from "../../deploy/index.ts";
import { loadConfig } from "../../config/index.ts";
import { LockstepError } from "../../errors/index.ts";
import { emitFor } from "../../events/index.ts";
import { carry, contract, type CarryResult, type Finished } from "../../phases/index.ts";
import { readPlans } from "../../plan/index.ts";
import { count, duration } from "../../report/index.ts";
import { backfillSettings, type SteeringWords } from "../backfill-steering.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import {
  gitCommit,
  listFolderIfNamed,
  readFolder,
  readSettings,
  runnerSettings,
  type RunnerOptions,
} from "../settings.ts";

/** Options of commands that carry plans. */
export interface PhaseOptions extends RunnerOptions, Pick<SteeringWords, "workers"> {
  readonly phase?: "expand" | "contract";
  /** `name: reason`. */
  readonly consent?: string;
  /** The same for values that are parked. */
  readonly acceptParked?: string;
  /** For how long no statement may name what the contract phase takes away, in ms. */
  readonly quietFor?: number;
}

/** How long no statement may name what goes, unless the option says otherwise. */
const defaultQuietMs = 60_000;

/** `lockstep migrate`: applies what is pending, plans up to their contract phase; with `--phase` one phase of plans. */
export async function migrateCommand(
  plan: string | undefined,
  command: readonly string[] | undefined,
  options: PhaseOptions,
  context: Context,
): Promise<number> {
  const isWrapped = command !== undefined || (await isOfPrograms(options, context));
  if (isWrapped && options.phase === undefined) {
    refuseUnused(plan, options);
    const { wrappedCommand } = await import("./migrate-wrapped.ts");
    return wrappedCommand(requireWords(command), options, context);
  }
  const request = await carryRequest(options, context);
  const { output, ...rest } = request;
  if (options.phase === "contract") {
    const quietMs = options.quietFor ?? defaultQuietMs;
    const { consent, acceptParked } = options;
    const finished = await contract({ ...rest, plan, quietMs, consent, acceptParked });
    output.result({ version: 1, environment: rest.environment, finished }, () =>
      finishedSummary(finished),
    );
    return 0;
  }
  refuseUnused(plan, options);
  const upTo = options.phase === "expand" ? "expand" : undefined;
  const result = await carry({ ...rest, upTo });
  output.result({ version: 1, environment: rest.environment, ...result }, () => summary(result));
  return 0;
}

/** True when the folder's migrations are programs, which only their tool's own command runs. */
async function isOfPrograms(options: PhaseOptions, context: Context): Promise<boolean> {
  const loaded = await loadConfig({ cwd: context.cwd, path: options.config });
  return (await listFolderIfNamed(options, loaded, context))?.program !== undefined;
}

/** @throws LockstepError `usage` for dashes with nothing behind them */
function requireWords(command: readonly string[] | undefined): readonly string[] {
  if (command?.length !== 0) return command ?? [];
  throw new LockstepError("usage", {
    what: "no command stands behind --",
    expected: "lockstep migrate -- npx knex migrate:latest",
    next: ["name the migration tool's own command, or leave -- away"],
  });
}

/** What both this command and `lockstep rollback` work on. */
export async function carryRequest(options: PhaseOptions, context: Context) {
  const { loaded, environment } = await readSettings(options, context);
  const folder = await readFolder(options, loaded, context);
  const plans = await readPlans(context.cwd);
  const output = commandOutput(options, context);
  const run = randomUUID();
  return {
    output,
    url: environment.url,
    folder,
    plans,
    run,
    environment: environment.name,
    instanceTtlMs: environment.deploy.instanceTtlMs ?? instanceTtlMs,
    emit: emitFor(run, output.listener),
    signal: context.signal,
    backfill: backfillSettings(options, loaded),
    options: {
      ...runnerSettings(options, loaded),
      environment: environment.name,
      gitCommit: gitCommit(context),
    },
  };
}

/** @throws LockstepError `usage` */
function refuseUnused(plan: string | undefined, options: PhaseOptions): void {
  const { consent, acceptParked, quietFor } = options;
  const given = [
    plan,
    consent && "--consent",
    acceptParked && "--accept-parked",
    quietFor !== undefined && "--quiet-for",
  ];
  const unused = given.find((one) => typeof one === "string" && one !== "");
  if (unused === undefined) return;
  throw new LockstepError("usage", {
    what: `${unused as string} is for the contract phase`,
    expected: "lockstep migrate --phase contract [plan]",
    found: "no --phase contract",
    next: ["lockstep migrate carries every plan up to its contract phase"],
  });
}

function summary({ applied, adopted, carried, ms }: CarryResult): string {
  const lines = [];
  if (adopted.length > 0)
    lines.push(
      `${count(adopted.length, "migration")} applied by the tool itself: now in Lockstep's ledger too`,
    );
  if (applied.length > 0)
    lines.push(`${count(applied.length, "migration")} applied in ${duration(ms)}`);
  for (const { plan, phase } of carried)
    lines.push(
      phase === "ready"
        ? `plan ${plan}: both releases can run now. When the old one is gone: lockstep migrate --phase contract ${plan}`
        : `plan ${plan}: ${phase}`,
    );
  return lines.length === 0 ? "nothing to do: every migration is applied" : lines.join("\n");
}

function finishedSummary(finished: readonly Finished[]): string {
  if (finished.length === 0) return "nothing to do: no plan waits for its contract phase";
  return finished
    .flatMap(({ plan, phase, evidence, parked }) => [
      `plan ${plan}: ${phase}`,
      ...(evidence?.consent === undefined
        ? []
        : [`  at the word of ${evidence.consent.name}: ${evidence.consent.reason}`]),
      ...(parked?.rows ?? []).map(
        ({ table, rows }) =>
          `  parked values of ${count(rows, "row")} of ${table} let go at the word of ${parked!.consent.name}: ${parked!.consent.reason}`,
      ),
      ...(evidence?.signs ?? [])
        .filter(({ says }) => says === "gone")
        .map(({ text }) => `  the old release is gone: ${text}`),
    ])
    .join("\n");
}
