import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunOptions } from "../../src/runner/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { spawnTypescript } from "../support/run-typescript.ts";

type Line = Readonly<Record<string, unknown>>;

/** A runner in a process of its own, which a test can stop, kill and wake. */
export interface RunnerProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Events so far; at the end `{ outcome, applied | message }`. */
  readonly lines: readonly Line[];
  /** Waits for an event of a type. */
  seen(type: string): Promise<Line>;
  /** Waits for its end and gives the last line. */
  ended(): Promise<Line>;
}

export function startRunner(
  url: string,
  files: Readonly<Record<string, string>>,
  options: Partial<RunOptions> = {},
): RunnerProcess {
  const folder = temporaryFolder({ "files.json": JSON.stringify(files) });
  const child = spawnTypescript(join(import.meta.dirname, "child.ts"), [
    url,
    join(folder.path, "files.json"),
    JSON.stringify(options),
  ]);
  const lines: Line[] = [];
  createInterface({ input: child.stdout! }).on("line", (line) => lines.push(JSON.parse(line)));
  const closed = once(child, "close");
  return {
    child,
    lines,
    seen: async (type) => {
      for (const deadline = Date.now() + 30_000; ; await sleep(5)) {
        const line = lines.find((one) => one["type"] === type);
        if (line !== undefined) return line;
        if (Date.now() > deadline) throw new Error(`no ${type} in 30 s: ${JSON.stringify(lines)}`);
      }
    },
    ended: async () => {
      await closed;
      return lines.at(-1)!;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await closed;
      folder[Symbol.dispose]();
    },
  };
}
