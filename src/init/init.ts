import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { listFiles } from "../check/index.ts";
import { LockstepError, shellWord } from "../errors/index.ts";
import { checkPipeline, type PipelineReport } from "../pipeline/index.ts";
import { configText } from "./config-text.ts";
import { detectDatabases } from "./detect.ts";
import { pipelineExamples } from "./pipelines/all.ts";
import type { PipelineExample } from "./pipelines/example.ts";
import { otherLanguage } from "./owner.ts";
import { fitted } from "./pipelines/fitted.ts";
import type { Known, ProjectDatabase } from "./project.ts";

export interface InitRequest {
  readonly cwd: string;
  /** Nothing is written. */
  readonly dryRun: boolean;
  /** Id of the pipeline to propose; found by the repository's files when left away. */
  readonly pipeline: string | undefined;
}

/** A database with its config. */
export type InitDatabase = Omit<ProjectDatabase, "config" | "newConfig"> & {
  readonly config: {
    readonly file: string;
    /** `kept`: it was there already, and is as it was. `shown`: nothing was written. */
    readonly state: "written" | "kept" | "shown";
    /** What was written or would be; undefined for one that was kept. */
    readonly text: string | undefined;
  };
};

/** What `lockstep init` found, wrote and proposes. */
export interface InitReport {
  readonly version: 1;
  readonly databases: readonly InitDatabase[];
  /** Folders of migrations that are not read, each in a sentence. */
  readonly refused: readonly string[];
  readonly pipeline: {
    /** How many findings `lockstep check` has on it. */
    readonly findings: number;
    /** Commands that put a release into service. */
    readonly deploys: readonly Known<string>[];
    /** Where Lockstep is run already: then nothing is proposed. */
    readonly lockstep: readonly Known<string>[];
    readonly proposed: Omit<PipelineExample, "sign"> | undefined;
    /** Why nothing is, where there is an example of the repository's platform: what is true of it, in a sentence. */
    readonly notProposed?: string;
  };
}

/**
 * Finds out what a project has, and writes a config for each of its databases that has none. Nothing that is there is
 * overwritten, and nothing is connected to.
 *
 * @throws LockstepError `nothing-to-set-up` when there are no migrations, `usage` for a pipeline that is not known, and
 * what reading them throws
 */
export async function initProject(request: InitRequest): Promise<InitReport> {
  const { dryRun, pipeline } = request;
  const cwd = resolve(request.cwd);
  const wanted = pipeline === undefined ? undefined : exampleNamed(pipeline);
  const { databases, refused } = await detectDatabases(cwd);
  if (databases.length === 0) throw nothingFound(refused);
  const files = await listFiles(cwd, [""]);
  const read = await checkPipeline({ root: cwd, files });
  const deploys = deploysIn(read);
  const lockstep = stepsOf(read, ({ tool }) => tool.startsWith("lockstep "));
  const example = wanted ?? (lockstep.length > 0 ? undefined : exampleFor(files));
  // The examples run `lockstep migrate`.
  const [carried, ...beside] = databases.filter(
    ({ migrations }) => migrations.applied !== "others",
  );
  const other =
    wanted !== undefined || carried === undefined
      ? undefined
      : otherLanguage(resolve(cwd, carried.migrations.folder), cwd);
  const fits = example !== undefined && carried !== undefined;
  return {
    version: 1,
    databases: databases.map((database) => withConfig(database, deploys, cwd, dryRun)),
    refused,
    pipeline: {
      findings: read.findings.length,
      deploys,
      lockstep,
      proposed:
        fits && other === undefined
          ? withBeside(fitted(example, carried, files, cwd), carried, beside)
          : undefined,
      ...(fits && other !== undefined
        ? { notProposed: notFor(example, [carried, ...beside], other) }
        : {}),
    },
  };
}

function withConfig(
  { config, newConfig, ...database }: ProjectDatabase,
  deploys: readonly Known<string>[],
  cwd: string,
  dryRun: boolean,
): InitDatabase {
  if (config !== undefined)
    return { ...database, config: { file: config, state: "kept", text: undefined } };
  const text = configText(database, deploys);
  if (!dryRun) write(resolve(cwd, newConfig), text, newConfig);
  return { ...database, config: { file: newConfig, state: dryRun ? "shown" : "written", text } };
}

function write(path: string, text: string, file: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Somebody else's file of that name stays as it is.
    writeFileSync(path, text, { flag: "wx" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new LockstepError(
      "file-unwritable",
      {
        what: `${file} cannot be written`,
        expected: "a folder that this user may write to, without a file of that name",
        found: code === "EEXIST" ? "a file of that name" : (error as Error).message,
        from: file,
        next: ["lockstep init --dry-run shows what would be written"],
      },
      { cause: error },
    );
  }
}

function deploysIn(read: PipelineReport): readonly Known<string>[] {
  const all = read.steps.filter(
    ({ kind, tool }) => kind === "deploy" && !tool.startsWith("lockstep "),
  );
  const production = all.filter(({ environment }) => environment === "production");
  return (production.length > 0 ? production : all).map(place);
}

function stepsOf(
  { steps }: PipelineReport,
  wanted: (step: PipelineReport["steps"][number]) => boolean,
): readonly Known<string>[] {
  return steps.filter((step) => step.environment !== "test" && wanted(step)).map(place);
}

function place({ tool, file, line }: PipelineReport["steps"][number]): Known<string> {
  return { value: tool, because: `${file}:${line}` };
}

function exampleFor(files: readonly string[]): PipelineExample | undefined {
  return pipelineExamples.find(({ sign }) => files.some((file) => sign.test(file)));
}

/** The examples build and begin programs of Node. */
function notFor(
  { id, platform }: PipelineExample,
  databases: readonly ProjectDatabase[],
  other: string,
): string {
  return `nothing for ${platform}: the product is no program of Node's (${other}), and the example begins one (lockstep init --pipeline ${id} shows it). What has to run there once, before new instances start, and has to end the deploy when it fails: ${migratedAndAsked(databases)}`;
}

/** The examples are of one database. */
function withBeside(
  example: Omit<PipelineExample, "sign">,
  { config, newConfig }: ProjectDatabase,
  beside: readonly ProjectDatabase[],
): Omit<PipelineExample, "sign"> {
  if (beside.length === 0) return example;
  const urls = [...new Set(beside.map(({ urlEnv }) => urlEnv.value))].join(", ");
  const does = `${example.does} This is for ${config ?? newConfig} alone. The other ${beside.length === 1 ? "database has" : "databases have"} to be migrated and asked before the roll-out as well (${urls}): ${migratedAndAsked(beside)}`;
  return { ...example, does };
}

function migratedAndAsked(databases: readonly ProjectDatabase[]): string {
  return ["migrate", "gate"]
    .flatMap((command) =>
      databases.map(({ config, newConfig }) => {
        const file = config ?? newConfig;
        const named = /^lockstep\.config\.\w+$/.test(file) ? "" : ` -c ${shellWord(file)}`;
        return `npx lockstep ${command}${named}`;
      }),
    )
    .join(" && ");
}

function exampleNamed(id: string): PipelineExample {
  const example = pipelineExamples.find((each) => each.id === id);
  if (example !== undefined) return example;
  throw new LockstepError("usage", {
    what: `no pipeline is called "${id}"`,
    expected: pipelineExamples.map((each) => each.id).join(", "),
    found: id,
    next: ["lockstep init --pipeline github-actions, for example"],
  });
}

function nothingFound(refused: readonly string[]): LockstepError {
  return new LockstepError("nothing-to-set-up", {
    what: "no migrations of a Postgres database were found here",
    expected:
      "a folder of SQL migrations below the working folder: numbered files, or one that a migration tool made",
    found: refused.length === 0 ? "no such folder" : refused.join("\n"),
    why: "Lockstep was started in another folder than the repository's, or its migrations are code",
    next: [
      "run it in the repository's root",
      'or write lockstep.config.ts by hand: contract: { command: "npx knex migrate:latest" } works for every tool',
    ],
  });
}
