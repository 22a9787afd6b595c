import type { Style } from "../report/index.ts";
import { styleFor } from "../report/index.ts";

/** Everything a command takes from its surroundings, so that a test can give others. */
export interface Context {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  /**
   * Aborted by the first Ctrl-C or SIGTERM. A command that reads it promises to stop where it can be resumed; until
   * then the process ends at once.
   */
  readonly signal: AbortSignal;
  /** Asks a person who sits at a terminal; undefined where nobody does. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
  /** Identifies the code that runs, when it was bundled: answers are kept under it. */
  readonly build?: string | undefined;
}

export interface Output {
  write(text: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export function styleOf(context: Context, output: Output): Style {
  const { isTTY, columns } = output;
  return styleFor({ isTTY, columns, env: context.env, names: namesIn(context) });
}

const known = new WeakMap<Context, Set<string>>();

/** Names of migrations and files that a command has read: what it says to run next may hold them. */
export function namesIn(context: Context): Set<string> {
  const names = known.get(context) ?? new Set();
  known.set(context, names);
  return names;
}

/** Written in by scripts/bundle.mjs: a hash of all sources. */
declare const BUNDLED_FROM: string | undefined;

/** The surroundings of this process. The second Ctrl-C ends it at once. */
export function processContext(): Context {
  // pg asks for it when it is loaded. Where Node does not have it (before 21), pg asks in a way that loads all of fetch.
  const ours = globalThis as { navigator?: unknown };
  ours.navigator ??= { userAgent: `Node.js/${process.versions.node.split(".", 1)[0]}` };
  const controller = new AbortController();
  let isHeeded = false;
  const stop = (code: number) => {
    if (!isHeeded || controller.signal.aborted) process.exit(code);
    process.stderr.write("stopping where it can be resumed; once more ends it at once\n");
    controller.abort();
  };
  process.on("SIGINT", () => stop(130));
  process.on("SIGTERM", () => stop(143));
  // Whoever reads our output may have seen enough (`lockstep deploy | head`): what was begun is brought to its end.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => {});
  return {
    cwd: process.cwd(),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    confirm: process.stdin.isTTY && process.stderr.isTTY ? askPerson : undefined,
    build: typeof BUNDLED_FROM === "undefined" ? undefined : BUNDLED_FROM,
    get signal() {
      isHeeded = true;
      return controller.signal;
    },
  };
}

/** Anything but a yes is a no. */
async function askPerson(question: string): Promise<boolean> {
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
