import { relative, resolve } from "node:path";
import { loadConfig, type LoadedConfig } from "../../config/index.ts";
import { queryFileText, recordedQueries } from "../../contract/index.ts";
import { ScratchOnDemand } from "../../deploy/index.ts";
import { LockstepError } from "../../errors/index.ts";
import { Session } from "../../pg/index.ts";
import { shownCommand } from "../../processes/index.ts";
import { hearCommand, type Heard } from "../../recording/index.ts";
import { count } from "../../report/index.ts";
import type { Scratch } from "../../scratch/index.ts";
import type { MigrationFolder } from "../../tools/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { readFolder, scratchOptions, urlVariables, type TargetOptions } from "../settings.ts";
import { textOfFile, writeNamedFile } from "../write-file.ts";

export interface ContractRecordOptions extends TargetOptions {
  readonly output?: string;
  /** The database that the tests work with; scratch with the migrations when left away. */
  readonly testsUrl?: string;
}

/** Where the statements are written when nobody says it. */
const usualFile = "lockstep.queries.sql";

/** `lockstep contract record -- COMMAND`: writes down the statements that the code's own tests send. */
export async function contractRecordCommand(
  command: readonly string[],
  options: ContractRecordOptions,
  context: Context,
): Promise<number> {
  if (command.length === 0) throw noCommand();
  const loaded = await loadConfig({ cwd: context.cwd, path: options.config });
  const folder = await readFolder(options, loaded, context);
  const output = commandOutput(options, context);
  await using owned = new ScratchOnDemand(scratchOptions(options, loaded, context));
  const scratch = await owned.get();
  const hear = async (url: string) =>
    hearCommand({
      command,
      cwd: context.cwd,
      root: loaded.folder,
      env: context.env,
      urlVariables: urlVariables(loaded),
      url,
      signal: context.signal,
      onLine: (line) => void context.stderr.write(`${line}\n`),
    });
  const heard: readonly Heard[] =
    options.testsUrl === undefined
      ? await onMigrated(scratch, folder, hear)
      : await hear(options.testsUrl);
  const { queries, leftOut } = await recordedQueries(heard, folder, scratch);
  const file = outputFile(options, loaded, context);
  const shown = relative(context.cwd, file) || file;
  const text = queryFileText(queries, shownCommand(command));
  const isChanged = textOfFile(file) !== text;
  if (isChanged) writeNamedFile(shown, text, context, `--output ${usualFile}`);
  output.result({ version: 1, file: shown, queries: queries.length, leftOut, isChanged }, () =>
    [
      `${shown}: ${count(queries.length, "statement")} of ${shownCommand(command)}${isChanged ? "" : ", as before"}`,
      ...leftOut.map(
        ({ sql, why }) =>
          `left out, for the migrations' database refuses it (${why}): ${brief(sql)}`,
      ),
      ...(loaded.config.contract?.queries === undefined
        ? [
            `name it in lockstep.config: contract: { queries: ${JSON.stringify(relative(loaded.folder, file))} }`,
          ]
        : []),
    ].join("\n"),
  );
  return 0;
}

/** Runs something on a new database that has what the migrations make. */
async function onMigrated<Result>(
  scratch: Scratch,
  folder: MigrationFolder,
  run: (url: string) => Promise<Result>,
): Promise<Result> {
  const database = await scratch.createDatabase();
  try {
    {
      await using session = await Session.open({
        url: database.url,
        applicationName: "lockstep/contract",
      });
      for (const { sql } of folder.migrations) await session.batch(sql);
    }
    return await run(database.url);
  } finally {
    await database.drop();
  }
}

function outputFile(
  { output }: ContractRecordOptions,
  loaded: LoadedConfig,
  context: Context,
): string {
  if (output !== undefined) return resolve(context.cwd, output);
  const { queries } = loaded.config.contract ?? {};
  const [first] = typeof queries === "string" ? [queries] : (queries ?? []);
  return resolve(loaded.folder, first === undefined || first.includes("*") ? usualFile : first);
}

function brief(sql: string): string {
  const line = sql.replaceAll(/\s+/g, " ");
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

function noCommand(): LockstepError {
  return new LockstepError("usage", {
    what: "nothing was named that sends statements",
    expected: "a command behind --: the code's own tests",
    next: ["lockstep contract record -- npm test"],
  });
}
