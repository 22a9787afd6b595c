import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { readSizes } from "../../effects/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { openReader } from "../reader.ts";
import { readSettings, type TargetOptions } from "../settings.ts";

/** `lockstep stats export`: how big the tables are, without any data, for `lockstep check --sizes`. */
export async function statsExportCommand(
  options: TargetOptions & { readonly out?: string },
  context: Context,
): Promise<number> {
  const { environment } = await readSettings(options, context);
  await using session = await openReader(environment.url, "stats");
  const sizes = await readSizes(session);
  const text = JSON.stringify(sizes, null, 2);
  const output = commandOutput(options, context);
  if (options.out === undefined) output.result(sizes, () => text);
  else {
    writeFileSync(resolve(context.cwd, options.out), `${text}\n`);
    const relations = Object.keys(sizes.relations).length;
    const result = { version: 1, out: options.out, relations };
    output.result(
      result,
      () => `${options.out}: sizes of ${relations} relations of ${session.where}`,
    );
  }
  return 0;
}
