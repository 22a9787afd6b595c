import { resolve } from "node:path";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import type { TransactionMode } from "../effects/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { findFolder, folderAround } from "./find-folder.ts";
import { changedSince, commitOf, defaultBranch, isRepository, mergeBase } from "./git.ts";
import type { Note, Selection } from "./report.ts";
import { namedFiles, readSource, shownPath, type SourceFile } from "./source-file.ts";

/** What decides which files are checked. */
export interface SelectRequest {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Files, folders or patterns that a person named. */
  readonly files: readonly string[];
  /** The folder that the config or an option names; undefined: it is looked for. */
  readonly folder: MigrationFolder | undefined;
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
}

export interface Plan {
  readonly selection: Selection;
  /** Before the first checked file. */
  readonly history: readonly SourceFile[];
  readonly steps: readonly Step[];
  /** True when nothing but `history` comes before the first checked file. */
  readonly isWhole: boolean;
  readonly folder: MigrationFolder | undefined;
  readonly notes: readonly Note[];
}

/**
 * Chooses the files: the named ones; else what the target's ledger does not have; else what is new since `since`, or
 * since the default branch; else all.
 * @throws LockstepError `usage` when a name finds nothing or git cannot compare, and what reading throws
 */
export async function selectFiles(request: SelectRequest): Promise<Plan> {
  if (request.files.length > 0) return namedPlan(request);
  const found =
    request.folder === undefined ? await findFolder(request.cwd) : { folder: request.folder };
  if (found.folder === undefined) return emptyPlan(found.refused);
  const folder = shown(found.folder, request);
  const notes: Note[] = [];
  const chosen = await chooseIn(folder, request, notes);
  return folderPlan(folder, chosen, request, notes);
}

interface Choice {
  readonly by: Selection["by"];
  readonly because: string;
  readonly files: ReadonlySet<string>;
}

async function namedPlan(request: SelectRequest): Promise<Plan> {
  const paths = await namedFiles(request.files, request.cwd);
  const files = new Set(paths.map((path) => shownPath(path, request.cwd)));
  const folder = request.hasBase ? undefined : await folderOf(paths, files, request);
  if (folder !== undefined)
    return folderPlan(folder, { by: "given", because: "named", files }, request, []);
  return {
    selection: {
      by: "given",
      because: "named",
      folder: undefined,
      history: 0,
      transaction: request.transaction ?? "file",
    },
    history: [],
    steps: paths.map((path) => ({ source: readSource(path, request.cwd), isChecked: true })),
    isWhole: request.hasBase,
    folder: undefined,
    notes: [],
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

function folderPlan(
  folder: MigrationFolder,
  { by, because, files }: Choice,
  { transaction, isConfigured, toTheEnd }: SelectRequest,
  notes: readonly Note[],
): Plan {
  const isChecked = ({ file }: SourceFile) => files.has(file);
  const first = folder.migrations.findIndex(isChecked);
  const last = folder.migrations.findLastIndex(isChecked);
  const history = folder.migrations.slice(0, first === -1 ? undefined : first);
  const own = folder.tool === "drizzle" ? "deploy" : isConfigured ? "units" : "file";
  return {
    selection: {
      by,
      because,
      folder: folder.path,
      history: history.length,
      // Not even Drizzle has applied a whole history in one transaction.
      transaction: transaction ?? (own === "deploy" && by === "all" ? "file" : own),
    },
    history,
    steps:
      first === -1
        ? []
        : folder.migrations
            .slice(first, toTheEnd ? undefined : last + 1)
            .map((source) => ({ source, isChecked: isChecked(source) })),
    isWhole: true,
    folder,
    notes,
  };
}

async function chooseIn(
  folder: MigrationFolder,
  request: SelectRequest,
  notes: Note[],
): Promise<Choice> {
  const { cwd, since, all, url } = request;
  const everything = new Set(folder.migrations.map(({ file }) => file));
  if (all) return { by: "all", because: "every one, as was asked", files: everything };
  if (since !== undefined) return changed(cwd, since);
  const pending = url === undefined ? undefined : await pendingIn(url, folder, notes);
  if (pending !== undefined) return pending;
  if (await isRepository(cwd)) {
    const branch = await defaultBranch(cwd, request.env);
    if (branch !== undefined) return changed(cwd, branch);
    if ((await commitOf(cwd, "HEAD")) !== undefined)
      notes.push({
        kind: "skipped",
        message: "git has no branch main or master here to compare with, so all are checked",
      });
  }
  return { by: "all", because: "neither a database nor git says which are new", files: everything };
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

function emptyPlan(refused: string | undefined): Plan {
  return {
    selection: {
      by: "none",
      because: refused ?? "no folder of SQL migrations was found",
      folder: undefined,
      history: 0,
      transaction: "file",
    },
    history: [],
    steps: [],
    isWhole: false,
    folder: undefined,
    notes: [],
  };
}

/** The error for a check that found nothing to look at. */
export function nothingToCheck(because: string): LockstepError {
  return new LockstepError("usage", {
    what: `there is nothing to check: ${because}`,
    expected:
      "files of SQL as arguments, migrations.folder in lockstep.config, or a folder of a usual name (migrations, drizzle, db/migrations, …)",
    found: "none of them, and no pipeline that deploys",
    next: [
      "lockstep check path/to/migration.sql",
      "or lockstep check --folder ./path/to/migrations",
    ],
  });
}
