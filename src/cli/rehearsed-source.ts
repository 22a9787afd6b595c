import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { LoadedConfig } from "../config/index.ts";
import { readServerSizes, type SourceStatistics } from "../clone/index.ts";
import { parseSizes, readSentStatements, readStatistics } from "../effects/index.ts";
import { LockstepError } from "../errors/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import type { Context } from "./context.ts";
import { ledgersOn } from "./ledgers-on.ts";
import { openReader } from "./reader.ts";
import { readSettings, type TargetOptions } from "./settings.ts";

export interface SourceOptions extends TargetOptions {
  /** A file of `stats export`. */
  readonly stats?: string;
  /** `schema`, `statements`, or a file of `stats export` that holds some. */
  readonly loadFrom?: string;
}

/**
 * From the file, or from the environment itself, which is only read. The application's statements are in it where the load is to
 * be made of them.
 * @throws LockstepError `statements-unreadable`, `sizes-invalid`, `file-unreadable`
 */
export async function statisticsOf(
  options: SourceOptions,
  loaded: LoadedConfig,
  folder: MigrationFolder,
  context: Context,
): Promise<SourceStatistics> {
  const { loadFrom } = options;
  const statistics = await readSource(options, loaded, folder, context);
  if (loadFrom === undefined || loadFrom === "schema") return statistics;
  const isFile = loadFrom !== "statements";
  const { statements } = isFile
    ? parseSizes(readText(loadFrom, context, "lockstep stats export --statements"), loadFrom)
    : statistics;
  if (statements === undefined) throw noStatements(isFile ? loadFrom : options.stats!);
  return { ...statistics, statements };
}

function noStatements(file: string): LockstepError {
  return new LockstepError("statements-unreadable", {
    what: `${file} does not say what applications send`,
    expected: "an export that was made with --statements",
    found: "statistics alone",
    from: file,
    next: [`lockstep stats export --statements --out ${file}`, "or --load-from schema"],
  });
}

async function readSource(
  options: SourceOptions,
  loaded: LoadedConfig,
  folder: MigrationFolder,
  context: Context,
): Promise<SourceStatistics> {
  if (options.stats !== undefined) {
    const statistics: SourceStatistics = parseSizes(
      readText(options.stats, context, "lockstep stats export"),
      options.stats,
    );
    if (statistics.migrations === undefined) throw noMigrations(options.stats, folder);
    return statistics;
  }
  const { environment } = await readSettings(options, context);
  await using session = await openReader(environment.url, "rehearse");
  const statistics = await readStatistics(session);
  const statements =
    options.loadFrom === "statements" ? { statements: await readSentStatements(session) } : {};
  const server = await readServerSizes(session);
  return { ...statistics, server, ...(await ledgersOn(session, folder)), ...statements };
}

/** @throws LockstepError `file-unreadable` */
export function readText(path: string, { cwd }: Context, command: string): string {
  try {
    return readFileSync(resolve(cwd, path), "utf8");
  } catch (error) {
    throw new LockstepError(
      "file-unreadable",
      {
        what: `${path} cannot be read`,
        expected: `a file that ${command} wrote`,
        found: (error as Error).message,
        from: path,
        next: [`${command} --out ${path}`],
      },
      { cause: error },
    );
  }
}

function noMigrations(path: string, folder: MigrationFolder): LockstepError {
  return new LockstepError("sizes-invalid", {
    what: `${path} does not say which migrations are applied`,
    expected: "an export that was made with the folder of migrations",
    found: "sizes alone",
    from: path,
    why: "what is pending is what the source has not applied",
    next: [`lockstep stats export --folder ${folder.path} --out ${path}`],
  });
}
