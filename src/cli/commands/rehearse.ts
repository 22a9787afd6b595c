import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { loadConfig, type LoadedConfig } from "../../config/index.ts";
import type { Sizes } from "../../effects/index.ts";
import { LockstepError } from "../../errors/index.ts";
import { readPlans } from "../../plan/index.ts";
import { calibrate, rehearse, requireCopy, type Rehearsal } from "../../rehearse/index.ts";
import { renderRehearsal, type RehearsalFormat } from "../../report/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { pastOf, showPast } from "../rehearsed-past.ts";
import { recoveryOf } from "../rehearsed-recovery.ts";
import { statisticsOf } from "../rehearsed-source.ts";
import { stepOf } from "../rehearsed-step.ts";
import { sanitiseFrom } from "../sanitised-source.ts";
import { readFolder, runnerSettings, scratchOptions, type TargetOptions } from "../settings.ts";

export interface RehearseOptions extends Omit<TargetOptions, "format"> {
  readonly format?: RehearsalFormat;
  /** A file of `stats export`. */
  readonly stats?: string;
  /** `schema`, `statements`, or a file of `stats export --statements`. */
  readonly loadFrom?: string;
  /** URL of a restored copy, instead of made rows. */
  readonly on?: string;
  /** The source's own rows, masked. */
  readonly sanitise?: boolean;
  readonly scale?: readonly number[];
  readonly seed?: number;
  /** Statements a second; false for none. */
  readonly load?: number | false;
  readonly out?: string;
  /** How long the pipeline's own command may run, in ms. */
  readonly stepTimeout?: number;
  /** Reports of earlier rehearsals, as JSON: what ran since moves the ranges. */
  readonly past?: readonly string[];
  /** The same, shown beside what they took; nothing is rehearsed. */
  readonly against?: readonly string[];
}

/** What the largest clone takes, when no scale was given, in bytes of the source's tables. */
const usualBytes = 256 * 1024 * 1024;

/**
 * `lockstep rehearse`: pending work on clones made from statistics. Exit code 0 when it came to its end at every scale and
 * beside the load, 1 when it failed.
 *
 * @param words what stands behind `--`: the command by which the pipeline applies it
 */
export async function rehearseCommand(
  words: readonly string[] | undefined,
  options: RehearseOptions,
  context: Context,
): Promise<number> {
  const { format = "text", ...others } = options;
  const loaded = await loadConfig({ cwd: context.cwd, path: options.config });
  const folder = await readFolder(others, loaded, context);
  if (options.on !== undefined) await requireCopy(options.on, environmentsOf(loaded, context));
  const source = options.on === undefined ? others : { ...others, url: options.on };
  const statistics = await statisticsOf(source, loaded, folder, context);
  if (options.against !== undefined) return showPast(options.against, statistics, options, context);
  const applied = new Set(statistics.migrations?.applied);
  const output = commandOutput({ ...others, ...(format === "json" ? { format } : {}) }, context);
  const pending = folder.migrations.filter(({ id }) => !applied.has(id));
  if (pending.length === 0) {
    output.result({ version: 1, pending: [] }, () => `nothing of ${folder.path} is pending`);
    return 0;
  }
  const step = stepOf(
    words,
    { folder, loaded, limitMs: options.stepTimeout, known: knownUrls(options, loaded, context) },
    context,
    (line) =>
      context.stderr.write(`${clearLine(context)}${output.style.colors.dim(`  │ ${line}`)}\n`),
  );
  const scratch = scratchOptions(others, loaded, context);
  const major = scratch.major ?? Number.parseInt(statistics.serverVersion, 10);
  const rehearsal = await rehearse({
    folder,
    cwd: options.folder === undefined ? loaded.folder : context.cwd,
    applied,
    plans: await readPlans(context.cwd),
    statistics,
    scales: isWhole(options) ? [1] : (options.scale ?? usualScales(statistics)),
    seed: options.seed ?? 1,
    major,
    scratchUrl: scratch.url,
    copyUrl: options.on,
    sanitise: options.sanitise === true ? await sanitiseFrom(others, loaded, context) : undefined,
    runner: runnerSettings(others, loaded),
    load:
      options.load === false
        ? undefined
        : {
            from: options.loadFrom === "schema" ? "schema" : "statements",
            perSecond: options.load ?? 100,
            sessions: 8,
            calmMs: 2_000,
          },
    recovery: recoveryOf(others, loaded, context, major),
    step,
    calibration: calibrate(pastOf(options.past ?? [], statistics, context)),
    onProgress: progress(context),
    signal: context.signal,
  });
  print(rehearsal, options, context);
  const isStepGood = step === undefined || rehearsal.step?.faults.length === 0;
  return rehearsal.failure === undefined && leadsBack(rehearsal) && isStepGood ? 0 : 1;
}

/** Databases that a rehearsed command may not reach, as far as they are known. */
function knownUrls(
  { url, on }: RehearseOptions,
  loaded: LoadedConfig,
  context: Context,
): readonly string[] {
  const own = environmentsOf(loaded, context).map((one) => one.url);
  return [...own, url, on].filter((one) => one !== undefined);
}

/** All rows of somewhere, and not a share. */
function isWhole({ on, sanitise }: RehearseOptions): boolean {
  return on !== undefined || sanitise === true;
}

/** No way back is none that fails: it is told, and `lockstep rollback` refuses. */
function leadsBack({ back }: Rehearsal): boolean {
  const leads = back?.ways.every(({ differences }) => differences.length === 0) ?? true;
  return leads && back?.sameAgain !== false;
}

/** Every database that the config names, as far as its URL is known here. */
function environmentsOf({ config }: LoadedConfig, { env }: Context) {
  return Object.entries(config.environments ?? {}).flatMap(([environment, { url, urlEnv }]) => {
    const address = url ?? (urlEnv === undefined ? undefined : env[urlEnv]);
    return address === undefined || address === "" ? [] : [{ environment, url: address }];
  });
}

function print(
  rehearsal: Rehearsal,
  { format = "text", json, out }: RehearseOptions,
  context: Context,
): void {
  const output = commandOutput({}, context);
  const wanted = json === true ? "json" : format;
  const text = (kind: RehearsalFormat) => renderRehearsal(rehearsal, kind, output.style);
  context.stderr.write(clearLine(context));
  if (out === undefined) {
    context.stdout.write(`${text(wanted)}\n`);
    return;
  }
  // First: a minute's work is not lost for a folder that is not there.
  context.stdout.write(`${text("text")}\n\n`);
  write(out, `${text(wanted === "text" ? kindOf(out) : wanted)}\n`, context);
  context.stdout.write(`written to ${out}\n`);
}

function write(path: string, content: string, { cwd }: Context): void {
  try {
    writeFileSync(resolve(cwd, path), content);
  } catch (error) {
    throw new LockstepError(
      "file-unwritable",
      {
        what: `the report cannot be written to ${path}`,
        expected: "a folder that is there and may be written to",
        found: (error as Error).message,
        from: path,
        next: ["name another file: --out report.html"],
      },
      { cause: error },
    );
  }
}

/** By the end of the file's name. */
function kindOf(file: string): RehearsalFormat {
  if (/\.html?$/.test(file)) return "html";
  return file.endsWith(".json") ? "json" : "markdown";
}

/** The largest whose tables take no more than usual, and a quarter of it. */
function usualScales({ relations }: Sizes): readonly number[] {
  const bytes = Object.values(relations).reduce((sum, { totalBytes }) => sum + totalBytes, 0);
  const largest = Math.min(1, Number((usualBytes / Math.max(1, bytes)).toPrecision(2)));
  return [largest / 4, largest];
}

/** Takes the line of the progress away. */
function clearLine({ stderr }: Context): string {
  return stderr.isTTY === true ? "\r\u001B[2K" : "";
}

/** One line that is drawn again where a person waits. */
function progress({ stderr }: Context) {
  if (stderr.isTTY !== true) return undefined;
  return (text: string) => stderr.write(`\r\u001B[2K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
}
