/** Runs a line of shell in a process group of its own and passes on what it prints. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";

/** Back to the first column: what a spinner sends before it draws its line again. */
const REDRAW = "\u001B[1G";

/** What is asked to end and does not is ended after this long. */
const PATIENCE_MS = 5_000;

export interface ShellOptions {
  readonly line: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the whole group. */
  readonly signal: AbortSignal;
  readonly onLine: (line: string) => void;
}

export interface Ran {
  readonly exitCode: number;
  readonly lines: readonly string[];
  readonly ms: number;
}

export async function runShell(options: ShellOptions): Promise<Ran> {
  const { line, cwd, env, signal, onLine } = options;
  signal.throwIfAborted();
  const startedAt = performance.now();
  const child = spawn("/bin/sh", ["-c", line], {
    cwd,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const send = (name: NodeJS.Signals) => {
    try {
      process.kill(-(child.pid ?? 0), name);
    } catch {
      // It has ended already.
    }
  };
  let limit: NodeJS.Timeout | undefined;
  // Lockstep stops a server of its own when it is asked to end.
  const end = () => {
    send("SIGTERM");
    limit = setTimeout(() => send("SIGKILL"), PATIENCE_MS);
  };
  const endNow = () => send("SIGTERM");
  signal.addEventListener("abort", end);
  process.on("exit", endNow);
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on("line", (raw) => {
      // Spinners redraw their line; only what stays of it is of interest.
      const text = stripVTControlCharacters(
        raw.split(REDRAW).findLast((part) => part !== "") ?? "",
      );
      if (text !== lines.at(-1)) onLine(text);
      lines.push(text);
    });
  try {
    const [code] = (await once(child, "close")) as [number | null];
    signal.throwIfAborted();
    return { exitCode: code ?? 130, lines, ms: performance.now() - startedAt };
  } finally {
    clearTimeout(limit);
    signal.removeEventListener("abort", end);
    process.off("exit", endNow);
  }
}
