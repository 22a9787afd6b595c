import { randomUUID } from "node:crypto";
import type { ChosenEnvironment } from "../config/index.ts";
import { holdWhileRisky, type WindowRequest } from "../deploy/index.ts";
import { LockstepError } from "../errors/index.ts";
import { noteRun } from "../ledger/index.ts";
import { Session } from "../pg/index.ts";
import { readPlans } from "../plan/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { parseWindow } from "../window/index.ts";
import { accompanied, type Accompanied } from "./accompanied.ts";
import type { Context } from "./context.ts";
import { commandOutput } from "./output.ts";
import type { CommonOptions } from "./settings.ts";

/** Options of commands that begin risky work. */
export interface WindowOptions {
  readonly window?: readonly string[];
  readonly windowWait?: number;
  /** Why it is begun at any time. */
  readonly withoutWindow?: string;
  /** Why there is no snapshot before. */
  readonly withoutSnapshot?: string;
}

const defaultWaitMs = 6 * 60 * 60 * 1_000;

/**
 * When risky work may begin: options before the config; undefined for at any time.
 * @throws LockstepError `usage`
 */
export function windowSettings(
  { window, windowWait, withoutWindow }: WindowOptions,
  { deploy }: ChosenEnvironment,
): WindowRequest | undefined {
  if (withoutWindow !== undefined) {
    if (window !== undefined) throw bothNamed();
    return undefined;
  }
  const given = window ?? deploy.window;
  if (given === undefined) return undefined;
  const windows = (typeof given === "string" ? [given] : given).map(parseWindow);
  if (windows.length === 0) return undefined;
  return { windows, waitMs: windowWait ?? deploy.windowWaitMs ?? defaultWaitMs };
}

/** Applies only these of the pending migrations, within a run that is under way. */
export type ApplyOnly = (
  only: ReadonlySet<string>,
  run: Accompanied & { readonly run: string },
) => Promise<void>;

/**
 * Waits for the window before migrations are applied, where something of them is risky, as a run that other terminals see.
 * @param applyHarmless for what stands in front of that; without it all is held
 */
export async function holdBefore(
  folder: MigrationFolder | undefined,
  environment: ChosenEnvironment,
  options: WindowOptions & CommonOptions & { readonly phase?: string },
  context: Context,
  applyHarmless?: ApplyOnly,
): Promise<void> {
  const window = windowSettings(options, environment);
  if (window === undefined || folder === undefined) return;
  const { url, name } = environment;
  const run = randomUUID();
  const output = commandOutput(options, context);
  const about = { run, url, environment: name, command: "migrate", output };
  await accompanied(about, context, async (live) => {
    await using session = await Session.open({ url, applicationName: "lockstep/window" });
    await session.batch("SET statement_timeout = '60s'; SET idle_session_timeout = 0");
    await holdWhileRisky({
      ...window,
      ...live,
      session,
      folder,
      plans: await readPlans(context.cwd),
      because: options.phase === "contract" ? "a contract phase takes away what is" : undefined,
      applyHarmless: applyHarmless && (async (only) => applyHarmless(only, { ...live, run })),
    });
  });
}

/** Does the work of a run, and writes down with it why it did not wait and made no snapshot. */
export async function notingReasons<Value>(
  { url, run }: { readonly url: string; readonly run: string },
  options: WindowOptions,
  work: () => Promise<Value>,
): Promise<Value> {
  let value: Value;
  try {
    value = await work();
  } catch (error) {
    // The failure is what the person has to read.
    await noteReasons(url, run, options).catch(() => {});
    throw error;
  }
  await noteReasons(url, run, options);
  return value;
}

async function noteReasons(
  url: string,
  run: string,
  { withoutWindow, withoutSnapshot }: WindowOptions,
): Promise<void> {
  if (withoutWindow === undefined && withoutSnapshot === undefined) return;
  await using session = await Session.open({ url, applicationName: "lockstep/migrate" });
  const { rows } = await session.query<{ there: boolean }>(
    "SELECT pg_catalog.to_regclass('lockstep.run') IS NOT NULL AS there",
  );
  if (rows[0]!.there)
    await noteRun(session, run, {
      ...(withoutWindow === undefined ? {} : { withoutWindow }),
      ...(withoutSnapshot === undefined ? {} : { withoutSnapshot }),
    });
}

function bothNamed(): LockstepError {
  return new LockstepError("usage", {
    what: "--window and --without-window contradict each other",
    expected: "one of them",
    found: "both",
    next: ["--without-window is for going on at any time although the config names a window"],
  });
}
