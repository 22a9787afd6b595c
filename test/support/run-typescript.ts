import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const manifest = createRequire(import.meta.url).resolve("jiti/package.json");
const loader = pathToFileURL(join(dirname(manifest), "lib", "jiti-register.mjs")).href;

/** Starts a TypeScript file in a Node process of its own, so that a test can kill it. */
export function spawnTypescript(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdin: "ignore" | "pipe" = "ignore",
): ChildProcess {
  return spawn(process.execPath, ["--import", loader, file, ...args], {
    env: { ...process.env, ...env },
    stdio: [stdin, "pipe", "inherit"],
  });
}

/** The next line that a process prints; rejects when it ends without one. */
export async function nextLine(child: ChildProcess): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes("\n")) return text.slice(0, text.indexOf("\n"));
  }
  throw new Error(`the process ended after printing: ${text}`);
}
