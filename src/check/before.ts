import { LockstepError } from "../errors/index.ts";
import type { ReplayedHistory } from "../history/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { rolesOf } from "./apply.ts";
import { replayMigrations } from "./replay-migrations.ts";
import { selectFiles } from "./select.ts";
import { readSource, type SourceFile } from "./source-file.ts";
import { resolve } from "node:path";

export interface BeforeRequest {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The migration, as a person named it. */
  readonly name: string;
  /** The folder that the config or an option names, and what its paths are relative to. */
  readonly folder: MigrationFolder | undefined;
  readonly folderRoot: string;
  /** A file of SQL that makes what is there before, instead of a folder's history. */
  readonly base: string | undefined;
  readonly major: number;
  readonly scratchUrl: string | undefined;
}

/** A migration, and a scratch database as it is just before it. */
export interface Before {
  readonly source: SourceFile;
  /** Undefined for a file that belongs to no folder of migrations. */
  readonly folder: MigrationFolder | undefined;
  readonly history: ReplayedHistory;
}

/**
 * Replays on scratch what comes before one migration.
 * @throws LockstepError `usage` for a name that finds nothing or several, `scratch-unavailable`, `scratch-run-failed`,
 * and what reading throws
 */
export async function replayBefore(request: BeforeRequest): Promise<Before> {
  const { cwd, base, major, scratchUrl: url } = request;
  const chosen = await selectFiles({
    ...request,
    files: [request.name],
    url: undefined,
    since: undefined,
    all: false,
    hasBase: base !== undefined,
    toTheEnd: false,
    transaction: undefined,
    isConfigured: true,
  });
  const [plan] = chosen.plans;
  const checked = plan?.steps.filter(({ isChecked }) => isChecked) ?? [];
  const [step] = checked;
  if (step === undefined || checked.length > 1)
    throw new LockstepError("usage", {
      what: `${request.name} is not one migration`,
      expected: "the file of one migration",
      found: `${checked.length} files`,
      next: ["name one file: each migration gets a plan of its own"],
    });
  const migrations: readonly SourceFile[] =
    base === undefined
      ? plan!.history
      : [{ ...readSource(resolve(cwd, base), cwd), transaction: "statement" }];
  const history = await replayMigrations(migrations, { major, url });
  await history.createRoles(await rolesOf([step.source], url !== undefined));
  return { source: step.source, folder: plan!.folder, history };
}
