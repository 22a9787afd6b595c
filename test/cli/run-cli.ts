import { main } from "../../src/cli/main.ts";

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  /** Of the terminal, 80 by default. */
  readonly columns?: number;
  readonly isTTY?: boolean;
  /** Of the bundle; answers are kept only for one. */
  readonly build?: string;
  /** A person at the terminal who answers questions; nobody by default. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Sees what is printed while it is printed. */
  readonly onOutput?: (text: string) => void;
}

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, with streams that are kept. */
export async function runCli(argv: readonly string[], options: CliOptions): Promise<CliResult> {
  const printed = { stdout: "", stderr: "" };
  const output = (stream: keyof typeof printed) => ({
    isTTY: options.isTTY ?? false,
    columns: options.columns ?? 80,
    write: (piece: string | Uint8Array) => {
      const text = typeof piece === "string" ? piece : Buffer.from(piece).toString("utf8");
      printed[stream] += text;
      options.onOutput?.(text);
    },
  });
  const exitCode = await main(argv, {
    cwd: options.cwd,
    // A release has a name without git, so that no test depends on the checkout.
    env: { PATH: process.env["PATH"], LOCKSTEP_RELEASE: "v2", ...options.env },
    stdout: output("stdout"),
    stderr: output("stderr"),
    signal: options.signal ?? new AbortController().signal,
    build: options.build,
    confirm: options.confirm,
  });
  return { exitCode, ...printed };
}

/** The lines of `--format ndjson`, each of which must be an object. */
export function ndjson(stdout: string): readonly Record<string, unknown>[] {
  return stdout
    .trim()
    .split("\n")
    .map((line) => {
      const value: unknown = JSON.parse(line);
      if (typeof value !== "object" || value === null) throw new Error(`not an object: ${line}`);
      return value as Record<string, unknown>;
    });
}
