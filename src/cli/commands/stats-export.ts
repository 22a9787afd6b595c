import { readServerSizes, type SourceStatistics } from "../../clone/index.ts";
import {
  readSentStatements,
  readStatistics,
  type RelationSize,
  type SentStatements,
} from "../../effects/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { ledgersOn } from "../ledgers-on.ts";
import { openReader } from "../reader.ts";
import { listFolderIfNamed, readSettings, type TargetOptions } from "../settings.ts";
import { writeNamedFile } from "../write-file.ts";

/**
 * `lockstep stats export`: how big the tables are and how their rows are made, without any data, for
 * `lockstep check --sizes` and the clone of a rehearsal.
 */
export async function statsExportCommand(
  options: TargetOptions & { readonly out?: string; readonly statements?: boolean },
  context: Context,
): Promise<number> {
  const { environment, loaded } = await readSettings(options, context);
  await using session = await openReader(environment.url, "stats");
  const folder = await listFolderIfNamed(options, loaded, context);
  const statistics = await readStatistics(session);
  const stats: SourceStatistics = {
    ...statistics,
    server: await readServerSizes(session),
    ...(folder === undefined ? {} : await ledgersOn(session, folder)),
    ...(options.statements === true ? { statements: await readSentStatements(session) } : {}),
  };
  const text = JSON.stringify(stats, null, 2);
  const output = commandOutput(options, context);
  if (options.out === undefined) output.result(stats, () => text);
  else {
    writeNamedFile(options.out, `${text}\n`, context, "--out stats.json");
    const relations = Object.keys(stats.relations).length;
    const result = { version: 1, out: options.out, relations };
    const unknown = Object.entries(stats.relations).flatMap(([name, size]) =>
      unknownOf(name, size),
    );
    output.result(result, () =>
      [
        `${options.out}: sizes and shapes of ${relations} relations of ${session.where}`,
        ...(stats.statements === undefined ? [] : statementLines(stats.statements)),
        ...unknown,
      ].join("\n"),
    );
  }
  return 0;
}

/** What the file does not know of a relation, and who can change that. */
function unknownOf(name: string, { rows, shape, isGuessed }: RelationSize): readonly string[] {
  if (rows === 0 || name.startsWith("lockstep.")) return [];
  if (isGuessed === true)
    return [`${name}: nothing has counted its rows, so they are guessed from its size: ANALYZE it`];
  return Object.keys(shape?.columns ?? {}).length > 0
    ? []
    : [`${name} has no statistics that this role may read: ANALYZE it, or GRANT SELECT`];
}

/** How many there are, and what was left out. */
function statementLines({ shapes, leftOut }: SentStatements): readonly string[] {
  const calls = shapes.reduce((sum, one) => sum + one.calls, 0);
  return [
    `${shapes.length} statements with ${calls} calls, without values, comments and names that are not the schema's: read them before you commit the file`,
    ...leftOut.map((one) => `left out, ${one.why}: ${one.statements} with ${one.calls} calls`),
  ];
}
