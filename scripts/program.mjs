import { rmSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

const root = join(import.meta.dirname, "..");

/**
 * Writes TypeScript with all that it imports from this repository as one file, which starts ten times as fast as by a
 * loader of TypeScript; and CommonJS twice as fast as modules that import it, whose exports Node then looks for. It lies
 * as deep as every room, so that paths which start from a module's own hold.
 *
 * @param input path from the root
 */
export async function writeProgram(input) {
  const folder = join(root, "dist", `program-${process.pid}`);
  const file = join(folder, "program.cjs");
  const bundle = await rolldown({
    cwd: root,
    input,
    platform: "node",
    external: (id) => /^(?:node:|@?[a-z])/.test(id) && !id.startsWith("@oxc-project/runtime"),
    transform: { target: "es2023" },
  });
  await bundle.write({ file, format: "cjs", codeSplitting: false });
  await bundle.close();
  return { file, remove: () => rmSync(folder, { recursive: true }) };
}
