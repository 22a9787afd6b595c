import { spawn, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Emit } from "../events/index.ts";

export interface CommandOptions {
  /** A line for the shell (`sh -c`, or the system's on Windows), or a program and its arguments. */
  readonly command: string | readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly emit: Emit;
  /** Ends the command's whole process group when aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Longest run in ms; none by default: a deploy takes what it takes. */
  readonly timeoutMs?: number | undefined;
  /** Removes secrets from a line before it is shown. */
  readonly redact: (line: string) => string;
}

export interface CommandResult {
  readonly ok: boolean;
  /** `exit code 3`, `signal SIGTERM`, `time limit of 10 s`, `cancelled` or why it could not start. */
  readonly ended: string;
  /** The last lines it printed, for the error message. */
  readonly tail: readonly string[];
}

/** How long a command that is to end may clean up before it is killed. */
const graceMs = 5_000;

/** How long output is waited for after the end; only a child in the background keeps the pipes open longer. */
const lastLinesMs = 300;

/**
 * Runs a command of the user's and passes its lines on as events. Never throws for what the command does.
 * A command that leaves children behind in the background does not hold us: its own end counts.
 */
export async function runCommand(options: CommandOptions): Promise<CommandResult> {
  const { command, emit, redact } = options;
  if (options.signal?.aborted === true) return { ok: false, ended: "cancelled", tail: [] };
  const shown = shownCommand(command);
  const how = {
    cwd: options.cwd,
    env: options.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
  } as const satisfies SpawnOptions;
  const [program = "", ...args] = typeof command === "string" ? [command] : command;
  const child = spawn(program, args, { ...how, shell: typeof command === "string" });
  const tail: string[] = [];
  const pass = async (stream: "stdout" | "stderr", pipe: Readable) => {
    const lines = createInterface({ input: pipe }).on("line", (raw) => {
      const line = redact(raw);
      tail.push(line);
      if (tail.length > 20) tail.shift();
      emit({ type: "command.output", command: redact(shown), stream, line });
    });
    await once(lines, "close");
  };
  const output = Promise.all([pass("stdout", child.stdout), pass("stderr", child.stderr)]);

  let cut: string | undefined;
  let kill: NodeJS.Timeout | undefined;
  const end = (reason: string) => {
    if (cut !== undefined) return;
    cut = reason;
    killGroup(child.pid, "SIGTERM");
    kill = setTimeout(() => killGroup(child.pid, "SIGKILL"), graceMs);
  };
  const onAbort = () => end("cancelled");
  options.signal?.addEventListener("abort", onAbort);
  const { timeoutMs } = options;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => end(`time limit of ${timeoutMs / 1_000} s`), timeoutMs);
  try {
    const ended = await new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) =>
        resolve(signal === null ? `exit code ${code}` : `signal ${signal}`),
      );
    });
    // What the shell started ends with it, unless it was left in the background on purpose.
    if (cut !== undefined) killGroup(child.pid, "SIGKILL");
    await Promise.race([output, sleep(lastLinesMs)]);
    return { ok: cut === undefined && ended === "exit code 0", ended: cut ?? ended, tail };
  } finally {
    clearTimeout(timer);
    clearTimeout(kill);
    options.signal?.removeEventListener("abort", onAbort);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

/** A command as a person would type it. */
export function shownCommand(command: string | readonly string[]): string {
  if (typeof command === "string") return command;
  return command
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)))
    .join(" ");
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    // It has ended already.
  }
}
