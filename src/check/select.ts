import { resolve } from "node:path";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import type { TransactionMode } from "../effects/index.ts";
import { sendingOf, type MigrationFolder } from "../tools/index.ts";
import { findFolders, folderAround, type FoundFolders, type LookedAt } from "./find-folder.ts";
import {
  changedSince,
  commitOf,
  defaultBranch,
  isCutOffAt,
  isRepository,
  mergeBase,
  targetBranch,
} from "./git.ts";
import type { Note, PlaceReport, Selection } from "./report.ts";
import { namedFiles, readSource, shownPath, type SourceFile } from "./source-file.ts";

/** What decides which files are checked. */
export interface SelectRequest {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Files, folders or patterns that a person named. */
  readonly files: readonly string[];
  /** The folder that the config or an option names; undefined: it is looked for. */
  readonly folder: LookedAt | undefined;
  /** What `folder.path` and its files are relative to. */
  readonly folderRoot: string;
  /** The target, when one is configured: its ledger says what is pending. It need not be within reach. */
  readonly url: string | undefined;
  readonly since: string | undefined;
  readonly all: boolean;
  /** True when a base was given: then named files belong to no folder. */
  readonly hasBase: boolean;
  /** True when the migrations after the last checked one are to be applied too. */
  readonly toTheEnd: boolean;
  readonly transaction: TransactionMode | undefined;
  /** True when there is a config of Lockstep: then its runner applies folders of plain SQL. */
  readonly isConfigured: boolean;
}

/** A file in the order of application; those between checked ones are only applied. */
export interface Step {
  readonly source: SourceFile;
  readonly isChecked: boolean;
  /** How this file reaches the server. */
  readonly transaction: TransactionMode;
  /** True when Lockstep's own runner sends it: then its timeouts count, and what it refuses is refused. */
  readonly isOurs: boolean;
}

/** Files that are applied one after the other: those of one folder, or loose ones. */
export interface Plan {
  readonly place: PlaceReport;
  /** Before the first checked file. */
  readonly history: readonly SourceFile[];
  readonly steps: readonly Step[];
  /** True when nothing but `history` comes before the first checked file. */
  readonly isWhole: boolean;
  readonly folder: MigrationFolder | undefined;
}

/** What is to be checked. */
export interface Chosen {
  readonly by: Selection["by"];
  readonly because: string;
  /** One for each folder that has something to check; the only folder also when it has nothing. */
  readonly plans: readonly Plan[];
  readonly notes: readonly Note[];
}

/**
 * Chooses the files: the named ones; else, in each folder of migrations, what the target's ledger does not have; else
 * what is new since `since`, or since the default branch; else all.
 * @throws LockstepError `usage` when a name finds nothing or git cannot compare, and what reading throws
 */
export async function selectFiles(request: SelectRequest): Promise<Chosen> {
  if (request.files.length > 0) return namedFilesOf(request);
  const found: FoundFolders =
    request.folder === undefined
      ? await findFolders(request.cwd)
      : { folders: [shown(request.folder, request)], refused: [] };
  const notes: Note[] = found.refused.map(refusal);
  if (found.folders.length === 0) return nothingFound(found, request, notes);
  const choose = chooser(request, notes);
  const chosen: { readonly choice: Choice; readonly plan: Plan }[] = [];
  for (const folder of found.folders) {
    const choice = await choose(folder);
    chosen.push({ choice, plan: folderPlan(folder, choice, request) });
    notes.push(...notesOf(folder));
  }
  const busy = chosen.filter(({ plan }) => plan.steps.length > 0);
  const taken = busy.length > 0 ? busy : chosen;
  const { by, because } = taken[0]!.choice;
  return { by, because, plans: taken.map(({ plan }) => plan), notes };
}

interface Choice {
  readonly by: Selection["by"];
  readonly because: string;
  readonly files: ReadonlySet<string>;
}

async function namedFilesOf(request: SelectRequest): Promise<Chosen> {
  const paths = await namedFiles(request.files, request.cwd);
  const files = new Set(paths.map((path) => shownPath(path, request.cwd)));
  const folder = request.hasBase ? undefined : await folderOf(paths, files, request);
  const choice: Choice = { by: "given", because: "named", files };
  const plan =
    folder === undefined ? loosePlan(paths, request) : folderPlan(folder, choice, request);
  return { by: "given", because: "named", plans: [plan], notes: [] };
}

/** Files that belong to no folder, in the order in which they were named. */
function loosePlan(paths: readonly string[], { cwd, transaction, hasBase }: SelectRequest): Plan {
  const way: Way = transaction === undefined ? unknownWay : { mode: transaction, by: "asked" };
  return {
    place: {
      folder: undefined,
      tool: undefined,
      history: 0,
      transaction: way.mode,
      transactionBy: way.by,
    },
    history: [],
    steps: paths.map((path) => {
      const source = readSource(path, cwd);
      const transaction = modeOf(source, way);
      return { source, isChecked: true, transaction, isOurs: transaction === "units" };
    }),
    isWhole: hasBase,
    folder: undefined,
  };
}

/** The folder that holds all the named files. */
async function folderOf(
  paths: readonly string[],
  files: ReadonlySet<string>,
  request: SelectRequest,
): Promise<MigrationFolder | undefined> {
  const candidates = [request.folder, await folderAround(paths, request.cwd)];
  for (const candidate of candidates) {
    if (candidate === undefined) continue;
    const folder = candidate === request.folder ? shown(candidate, request) : candidate;
    const own = new Set(folder.migrations.map(({ file }) => file));
    if ([...files].every((file) => own.has(file))) return folder;
  }
  return undefined;
}

/** The folder with its files' paths relative to the working folder. */
function shown(folder: MigrationFolder, { cwd, folderRoot }: SelectRequest): MigrationFolder {
  if (resolve(folderRoot) === resolve(cwd)) return folder;
  const relative = (path: string) => shownPath(resolve(folderRoot, path), cwd);
  return {
    ...folder,
    path: relative(folder.path),
    migrations: folder.migrations.map((each) => ({ ...each, file: relative(each.file) })),
  };
}

function folderPlan(folder: MigrationFolder, { by, files }: Choice, request: SelectRequest): Plan {
  const isChecked = ({ file }: SourceFile) => files.has(file);
  const first = folder.migrations.findIndex(isChecked);
  const last = folder.migrations.findLastIndex(isChecked);
  const history = folder.migrations.slice(0, first === -1 ? undefined : first);
  const way = wayOf(folder, by, request);
  return {
    place: {
      folder: folder.path,
      tool: folder.tool === "sql" ? undefined : folder.tool,
      history: history.length,
      transaction: way.mode,
      transactionBy: way.by,
    },
    history,
    steps: apartIfSome(
      first === -1
        ? []
        : folder.migrations.slice(first, request.toTheEnd ? undefined : last + 1).map((source) => {
            const sent = modeOf(source, way);
            const transaction = sent === "deploy" && by === "all" ? "file" : sent;
            const isOurs = transaction === "units" && way.by !== "tool";
            return { source, isChecked: isChecked(source), transaction, isOurs };
          }),
    ),
    isWhole: true,
    folder,
  };
}

/** Where one migration wants no transaction, tools that send all in one send each of the others in its own. */
function apartIfSome(steps: readonly Step[]): readonly Step[] {
  if (steps.every(({ transaction }) => transaction === "deploy")) return steps;
  return steps.map((step) =>
    step.transaction === "deploy" ? { ...step, transaction: "file" } : step,
  );
}

/** How files are sent that say nothing themselves, and who says so. */
interface Way {
  readonly mode: TransactionMode;
  readonly by: PlaceReport["transactionBy"];
}

const unknownWay: Way = { mode: "file", by: "assumed" };

function wayOf(
  { tool, program }: MigrationFolder,
  by: Selection["by"],
  { transaction, isConfigured }: SelectRequest,
): Way {
  if (transaction !== undefined) return { mode: transaction, by: "asked" };
  const own = sendingOf(tool) ?? (program === undefined ? undefined : "file");
  // Nobody has applied a whole history in one transaction.
  if (own !== undefined)
    return { mode: own === "deploy" && by === "all" ? "file" : own, by: "tool" };
  return isConfigured ? { mode: "units", by: "runner" } : unknownWay;
}

/** Lockstep's own runner heeds no marks but its own, and cuts files by them. */
function modeOf({ sends }: SourceFile, { mode }: Way): TransactionMode {
  return mode === "units" || sends === undefined ? mode : sends;
}

/** Chooses in one folder after the other; git is asked once. */
function chooser(
  { cwd, env, since, all, url }: SelectRequest,
  notes: Note[],
): (folder: MigrationFolder) => Promise<Choice> {
  let fromGit: Promise<Choice | undefined> | undefined;
  return async (folder) => {
    const everything = new Set(folder.migrations.map(({ file }) => file));
    if (all) return { by: "all", because: "every one, as was asked", files: everything };
    if (since !== undefined) return (fromGit ??= changed(cwd, since)) as Promise<Choice>;
    const pending = url === undefined ? undefined : await pendingIn(url, folder, notes);
    if (pending !== undefined) return pending;
    fromGit ??= changedInBranch(cwd, env, notes);
    return (
      (await fromGit) ?? {
        by: "all",
        because: "neither a database nor git says which are new",
        files: everything,
      }
    );
  };
}

async function changedInBranch(
  cwd: string,
  env: SelectRequest["env"],
  notes: Note[],
): Promise<Choice | undefined> {
  if (!(await isRepository(cwd))) return undefined;
  const named = await targetBranch(cwd, env);
  if (named !== undefined) return changed(cwd, named);
  const branch = await defaultBranch(cwd);
  if (branch !== undefined) {
    if (await isCutOffAt(cwd, branch)) notes.push({ kind: "skipped", message: shallow(branch) });
    return changed(cwd, branch);
  }
  if ((await commitOf(cwd, "HEAD")) !== undefined)
    notes.push({
      kind: "skipped",
      message: "git has no branch main or master here to compare with, so all are checked",
    });
  return undefined;
}

function shallow(branch: string): string {
  return `this is a shallow clone whose HEAD is ${branch}: what is new cannot be seen in it. Fetch all of it (GitHub Actions: fetch-depth: 0; GitLab: GIT_DEPTH: 0), or use --since or --all`;
}

async function changed(cwd: string, ref: string): Promise<Choice> {
  const base = await mergeBase(cwd, ref);
  const commit = (await commitOf(cwd, base)) ?? base;
  return {
    by: "changed",
    because: `new or changed since ${ref} (${commit})`,
    files: await changedSince(cwd, base),
  };
}

/** What the target's ledger does not have; undefined, with a note, when it cannot be asked. */
async function pendingIn(
  url: string,
  folder: MigrationFolder,
  notes: Note[],
): Promise<Choice | undefined> {
  const { readStatus } = await import("../runner/index.ts");
  try {
    const status = await readStatus({ url, folder });
    // Another tool applied what is there, and only its own ledger, which is not read, says how much that is.
    if (isOthers(folder) && status.migrations.every(({ state }) => state === "pending")) {
      notes.push({
        kind: "skipped",
        message: `the database was not asked what is pending: Lockstep does not read ${folder.tool}'s ledger`,
      });
      return undefined;
    }
    const todo = new Set(["pending", "failed", "partly-applied"]);
    const files = status.migrations.flatMap(({ file, state }) =>
      file !== undefined && todo.has(state) ? [file] : [],
    );
    return { by: "pending", because: "pending in the database", files: new Set(files) };
  } catch (error) {
    if (!isLockstepError(error)) throw error;
    notes.push({
      kind: "skipped",
      message: `the database was not asked what is pending: ${error.explanation.what}`,
    });
    return undefined;
  }
}

/** True for a folder that a tool applies whose ledger Lockstep cannot read. */
function isOthers({ tool, ledger }: MigrationFolder): boolean {
  return ledger === undefined && tool !== "sql";
}

function refusal({ explanation }: LockstepError): Note {
  const { what, found } = explanation;
  return { kind: "skipped", message: `${what}${found === undefined ? "" : `: ${found}`}` };
}

/** What is to be known of a folder itself. */
function notesOf({ leftOut = [], problems = [] }: LookedAt): readonly Note[] {
  const kinds = new Map(problems.toReversed().map((problem) => [problem.code, problem]));
  const notes = [...kinds].map(([code, { explanation }]): Note => {
    const others = problems.filter((problem) => problem.code === code).length - 1;
    const more = others === 0 ? "" : ` (and ${others} more like it)`;
    return { kind: "folder", message: `${explanation.what}${more}: ${explanation.why}` };
  });
  if (leftOut.length === 0) return notes;
  const names = leftOut.slice(0, 3).join(", ");
  const more = leftOut.length > 3 ? ` and ${leftOut.length - 3} more` : "";
  const message = `${names}${more}: left out, their place in the order is not known`;
  return [...notes, { kind: "skipped", message }];
}

async function nothingFound(
  { refused }: FoundFolders,
  { cwd }: SelectRequest,
  notes: readonly Note[],
): Promise<Chosen> {
  const [first] = refused;
  const { codeMigrations } = await import("./code-migrations.ts");
  const because =
    (first === undefined ? undefined : refusal(first).message) ??
    (await codeMigrations(cwd)) ??
    "no folder of SQL migrations was found below the working folder";
  return { by: "none", because, plans: [], notes: refused.length > 1 ? notes : [] };
}

/**
 * The error for a check that found nothing to look at.
 *
 * @param pipelineFiles how many files of the deploy pipeline were read; undefined when it was not to be read
 */
export function nothingToCheck(because: string, pipelineFiles: number | undefined): LockstepError {
  const pipeline =
    pipelineFiles === undefined
      ? ""
      : pipelineFiles === 0
        ? "; and no file of a deploy pipeline"
        : `; and in the pipeline's files (${pipelineFiles} read) no command that is known to migrate or to deploy`;
  return new LockstepError("usage", {
    what: "there is nothing to check",
    expected:
      "files of SQL as arguments, migrations.folder in lockstep.config, or a folder that looks like migrations: Prisma's, Drizzle's, Flyway's, files with a number in front, …",
    found: `${because}${pipeline}`,
    next: [
      "lockstep check path/to/migration.sql",
      "or lockstep check --folder ./path/to/migrations",
      "for migrations in code: lockstep check --base schema.sql the-sql-they-send.sql",
    ],
  });
}
