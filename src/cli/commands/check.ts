import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import {
  acceptFindings,
  check,
  fixFiles,
  type CheckReport,
  type CheckRequest,
  type Note,
} from "../../check/index.ts";
import { chooseEnvironment, loadConfig, type LoadedConfig } from "../../config/index.ts";
import type { Sizes, TransactionMode } from "../../effects/index.ts";
import { isLockstepError, LockstepError, type ErrorCode } from "../../errors/index.ts";
import { checkFormats, styleFor, type CheckFormat } from "../../report/index.ts";
import { parseBaseline, type Baseline } from "../../rules/index.ts";
import { answerOf, keptOrMade, type Form } from "../check-answer.ts";
import { styleOf, type Context } from "../context.ts";
import { ruleConfigOf } from "../rule-config.ts";
import type { CheckedStatements } from "../recorded-statements.ts";
import type { TargetOptions } from "../settings.ts";

export interface CheckOptions extends Omit<TargetOptions, "format"> {
  readonly base?: string;
  readonly pg?: string;
  readonly static?: boolean;
  readonly transaction?: TransactionMode;
  readonly since?: string;
  readonly all?: boolean;
  readonly fix?: boolean;
  readonly sizes?: string;
  readonly replayTimeout?: number;
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly pipeline: boolean;
  readonly cache: boolean;
  readonly format: CheckFormat;
  /** `format=file`, in addition to what is printed. */
  readonly report?: readonly string[];
}

/** A file may need several: two edits that touch each other are made one after the other. */
const fixRounds = 10;

/** `lockstep check`: what migrations would do to a running system. Exit code 1 for an error or warning, never for advice. */
export async function checkCommand(
  files: readonly string[],
  options: CheckOptions,
  context: Context,
): Promise<number> {
  const copies = (options.report ?? []).map((text) => copyOf(text, context));
  const loaded = await loadConfig({ cwd: context.cwd, path: options.config });
  const request = await requestOf(files, options, loaded, context);
  const forms: Form[] = [
    {
      format: options.json === true ? "json" : options.format,
      style: styleOf(context, context.stdout),
    },
    ...copies.map(({ format }) => ({ format, style: styleFor({ env: {} }) })),
  ];
  const isChange = options.fix === true || options.writeBaseline !== undefined;
  const { exitCode, texts } =
    isChange || !options.cache
      ? await answerOf(await made(request, options, loaded, context), forms)
      : await keptOrMade(request, forms, context, check);
  const [printed, ...written] = texts;
  context.stdout.write(printed!);
  for (const [index, text] of written.entries()) writeText(copies[index]!.path, text);
  return exitCode;
}

/** The report, after the changes that were asked for. */
async function made(
  request: CheckRequest,
  options: CheckOptions,
  loaded: LoadedConfig,
  context: Context,
): Promise<CheckReport> {
  const report = options.fix === true ? await fixed(request) : await check(request);
  if (options.writeBaseline === undefined) return report;
  const place = baselinePath(options, loaded, context);
  return withBaseline(report, options.writeBaseline, place, request);
}

/** Where a copy of the report goes. */
interface Copy {
  readonly format: CheckFormat;
  readonly path: string;
}

function copyOf(text: string, { cwd }: Context): Copy {
  const at = text.indexOf("=");
  const format = checkFormats.find((each) => each === text.slice(0, at));
  if (format !== undefined && at < text.length - 1)
    return { format, path: resolve(cwd, text.slice(at + 1)) };
  throw new LockstepError("usage", {
    what: `--report ${text} does not say what to write where`,
    expected: `FORMAT=FILE, with one of: ${checkFormats.join(", ")}`,
    next: ["lockstep check --report sarif=lockstep.sarif"],
  });
}

/** What is to be checked, as options and config say it. */
export async function requestOf(
  files: readonly string[],
  options: CheckOptions,
  loaded: LoadedConfig,
  context: Context,
): Promise<CheckRequest> {
  const { config } = loaded;
  const namesNoFile = files.length === 0;
  const sizes = await sizesOf(options, loaded, context);
  const statements = await statementsOf(loaded, context);
  return {
    cwd: context.cwd,
    env: context.env,
    files,
    folder: await namedFolder(options, loaded, context),
    folderRoot: options.folder === undefined ? loaded.folder : context.cwd,
    url: namesNoFile ? targetOf(options, loaded, context)?.url : undefined,
    since: options.since,
    all: options.all === true,
    base: options.base,
    transaction: options.transaction ?? config.check?.transaction,
    isConfigured: loaded.file !== undefined,
    major: options.pg === undefined ? config.scratch?.major : Number(options.pg),
    static: options.static === true,
    scratchUrl: options.static === true ? undefined : await scratchUrl(options, loaded, context),
    replayMs: options.replayTimeout,
    sizes,
    baseline: readBaseline(baselinePath(options, loaded, context)),
    ruleConfig: await ruleConfigOf(loaded),
    runner: config.runner ?? {},
    pipeline: options.pipeline && namesNoFile,
    agreement: namesNoFile ? agreementOf(options, loaded, statements, context) : undefined,
    statements,
  };
}

/** What only some checks need is loaded only for them: most of a short check is the loading of code. */
const settings = async () => import("../settings.ts");

/** The folder that was named. What a run would refuse of it is told beside what there is to say of the rest. */
async function namedFolder(options: CheckOptions, loaded: LoadedConfig, context: Context) {
  const { folder } = options;
  const { migrations } = loaded.config;
  if (folder === undefined && migrations === undefined) return undefined;
  try {
    return await (
      await settings()
    ).readFolderIfNamed(folder === undefined ? {} : { folder }, loaded, context);
  } catch (error) {
    if (!isLockstepError(error) || isAbsent.has(error.code)) throw error;
    const { readHistory } = await import("../../tools/index.ts");
    const history =
      folder === undefined
        ? await readHistory({ folder: migrations!.folder, cwd: loaded.folder })
        : await readHistory({ folder, cwd: context.cwd });
    // Layouts that only a look knows, such as Diesel's, are empty folders to a run.
    const isTold = history.problems.length > 0 || error.code === "folder-empty";
    return isTold ? history : { ...history, problems: [error] };
  }
}

/** Codes of folders that there is nothing to look at in. */
const isAbsent: ReadonlySet<string> = new Set([
  "file-not-utf8",
  "file-unreadable",
  "folder-not-found",
  // Programs: without what they send there is nothing to look at.
  "recording-failed",
  "scratch-unavailable",
]);

/** What the code was recorded to send; loaded only where there is such a thing. */
async function statementsOf(
  loaded: LoadedConfig,
  context: Context,
): Promise<CheckedStatements | undefined> {
  const named = loaded.config.contract?.queries;
  if (named === undefined) return undefined;
  const { CheckedStatements } = await import("../recorded-statements.ts");
  const [first] = typeof named === "string" ? [named] : named;
  const file = relative(context.cwd, resolve(loaded.folder, first!));
  return new CheckedStatements(loaded, context, file);
}

/** Code, migrations and database side by side, as far as the config names a schema and a database can be asked. */
function agreementOf(
  options: CheckOptions,
  loaded: LoadedConfig,
  statements: CheckedStatements | undefined,
  context: Context,
): CheckRequest["agreement"] {
  const target = options.since === undefined ? targetOf(options, loaded, context) : undefined;
  if (target === undefined && statements === undefined && !namesSchema(loaded)) return undefined;
  return async (migrated) => {
    const { agree } = await import("../agreement.ts");
    return agree({ loaded, target, migrated, statements, context });
  };
}

function namesSchema({ config }: LoadedConfig): boolean {
  return Object.keys(config.contract ?? {}).some((key) => schemaKeys.has(key));
}

/** What of `contract` names schema files of the code. */
const schemaKeys: ReadonlySet<string> = new Set([
  "drizzle",
  "prisma",
  "typeorm",
  "mikroOrm",
  "sequelize",
  "kysely",
]);

async function scratchUrl(options: CheckOptions, loaded: LoadedConfig, context: Context) {
  if (options.scratchUrl !== undefined) return options.scratchUrl;
  if (loaded.config.scratch === undefined) return undefined;
  return (await settings()).scratchOptions({}, loaded, context).url;
}

/** The database whose ledger tells what is pending. A check needs none, so a choice that cannot be made is no error. */
function targetOf(options: CheckOptions, { config }: LoadedConfig, context: Context) {
  try {
    return chooseEnvironment(config, options, context.env);
  } catch (error) {
    if (!isLockstepError(error) || options.env !== undefined) throw error;
    return undefined;
  }
}

async function sizesOf(
  options: CheckOptions,
  { config, folder }: LoadedConfig,
  context: Context,
): Promise<Sizes | undefined> {
  const own = config.check?.sizes;
  const name = options.sizes ?? (own === undefined ? undefined : resolve(folder, own));
  if (name === undefined) return undefined;
  const { parseSizes, readSizes } = await import("../../effects/index.ts");
  if (!/^postgres(ql)?:\/\//.test(name))
    return parseSizes(readText(resolve(context.cwd, name), "sizes-invalid"), name);
  const { openReader } = await import("../reader.ts");
  await using session = await openReader(name, "check");
  return await readSizes(session);
}

/** Where accepted findings are, and where they are written. */
interface BaselinePlace {
  readonly path: string;
  readonly shown: string;
  /** False for the usual name, which need not be there. */
  readonly isNamed: boolean;
}

function baselinePath(
  options: CheckOptions,
  { config, folder }: LoadedConfig,
  context: Context,
): BaselinePlace {
  const named = options.baseline ?? config.check?.baseline;
  const shown = named ?? "lockstep.baseline.json";
  const root = options.baseline === undefined ? folder : context.cwd;
  const isNamed = named !== undefined && options.writeBaseline === undefined;
  return { path: resolve(root, shown), shown, isNamed };
}

function readBaseline({ path, shown, isNamed }: BaselinePlace): Baseline | undefined {
  if (!isNamed && !existsSync(path)) return undefined;
  return parseBaseline(readText(path, "config-invalid"), shown);
}

function readText(path: string, code: ErrorCode): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new LockstepError(
      code,
      {
        what: `${path} cannot be read`,
        expected: "a file that is there and may be read",
        found: (error as NodeJS.ErrnoException).code ?? "an unknown failure",
        next: [
          "check the path; an option's starts from the working folder, the config's from the config",
        ],
      },
      { cause: error },
    );
  }
}

/** Makes the changes that are one-to-one, checks again, and tells what was changed. */
async function fixed(request: CheckRequest): Promise<CheckReport> {
  const notes: Note[] = [];
  for (let round = 0; ; round++) {
    const report = await check(request);
    const files = round < fixRounds ? fixFiles(report, request.cwd) : [];
    for (const { file, fixed: findings } of files)
      for (const { line, rule, wayOut } of findings)
        notes.push({ kind: "written", file, line, message: `fixed ${rule}: ${wayOut.text}` });
    if (files.length === 0) return { ...report, notes: [...notes, ...report.notes] };
  }
}

/** Accepts what was found, and writes it down. */
async function withBaseline(
  report: CheckReport,
  reason: string,
  place: BaselinePlace,
  { cwd, baseline, ruleConfig }: CheckRequest,
): Promise<CheckReport> {
  if (reason.trim() === "")
    throw new LockstepError("usage", {
      what: "a baseline needs a reason",
      next: ['lockstep check --write-baseline "accepted when Lockstep was introduced"'],
    });
  const accepted = await acceptFindings(report, {
    cwd,
    reason,
    before: baseline,
    shown: place.shown,
    isOff: (rule) => ruleConfig.severity[rule] === "off",
  });
  writeText(place.path, accepted.text);
  return accepted.report;
}

function writeText(path: string, text: string | Uint8Array): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new LockstepError(
      "usage",
      {
        what: `${path} cannot be written`,
        expected: "a file in a folder that is there and may be written",
        found: (error as NodeJS.ErrnoException).code ?? "an unknown failure",
        next: ["check the path; it starts from the working folder"],
      },
      { cause: error },
    );
  }
}
