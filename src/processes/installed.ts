import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** `npx NAME` without npx, which takes longer to start than most tools, where the program is installed. */
export function installed(
  command: string | readonly string[],
  cwd: string,
): string | readonly string[] {
  if (typeof command === "string" || command[0] !== "npx" || process.platform === "win32")
    return command;
  const [, name = "", ...args] = command;
  for (let at = cwd; ; at = dirname(at)) {
    const program = join(at, "node_modules", ".bin", name);
    if (existsSync(program)) return [program, ...args];
    if (dirname(at) === at) return command;
  }
}
