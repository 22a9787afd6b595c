import type { CommanderError } from "commander";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import { errorJson, renderError } from "../report/index.ts";
import { namesIn, processContext, styleOf, type Context } from "./context.ts";
import { formatOf } from "./output.ts";
import { beforeParserLoads } from "../sql/index.ts";

/**
 * Runs the command line and gives the exit code: 0 fine, 1 findings or gate closed, 2 could not do it,
 * 3 stopped half-way and resumable. Nothing is thrown; every failure is printed in the form of `docs/errors.md`.
 */
export async function main(
  argv: readonly string[],
  context: Context = processContext(),
): Promise<number> {
  beforeParserLoads(keepFirstCompilation);
  const { buildProgram } = await import("./program.ts");
  let exitCode = 0;
  const program = buildProgram(context, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    if (isCommanderExit(error)) {
      if (error.exitCode === 0) return 0;
      // Help was asked for by naming no command.
      if (error.code === "commander.help") return 2;
    }
    const failure = await explain(error, argv, context);
    print(failure, argv, context);
    return failure.exitCode;
  }
}

/**
 * V8 would optimise the SQL parser, one function of it is huge, while it reads its first statements: that costs more time
 * and memory than it saves on thousands of files. The same holds for our own code, which is broad and has no inner loop:
 * a check of a thousand files takes a quarter less CPU when Node 20 and 22 optimise it later. Node 24 has a compiler
 * between. Measured on Node 20, 22 and 24, which take these flags; a V8 without them complains.
 */
async function keepFirstCompilation(): Promise<void> {
  const major = Number.parseInt(process.versions.node, 10);
  if (major > 24) return;
  const { setFlagsFromString } = await import("node:v8");
  setFlagsFromString("--no-wasm-tier-up --no-wasm-dynamic-tiering");
  if (major === 20) setFlagsFromString("--interrupt-budget=1000000");
  if (major === 22) setFlagsFromString("--invocation-count-for-turbofan=45000");
}

function print(failure: LockstepError, argv: readonly string[], context: Context): void {
  const format = formatOf(argv);
  if (format === "text")
    context.stderr.write(`${renderError(failure, styleOf(context, context.stderr))}\n`);
  else {
    const type = format === "ndjson" ? { type: "error" } : {};
    context.stdout.write(
      `${JSON.stringify({ ...type, ...errorJson(failure, namesIn(context)) })}\n`,
    );
  }
}

async function explain(
  error: unknown,
  argv: readonly string[],
  context: Context,
): Promise<LockstepError> {
  if (isLockstepError(error)) return error;
  if (isCommanderExit(error)) return explainUsage(error, argv);
  const { explainServerError } = await import("../deploy/index.ts");
  const explained = explainServerError(error, "the database");
  return isLockstepError(explained) ? explained : explainBug(error, context);
}

function isCommanderExit(error: unknown): error is CommanderError {
  return (
    typeof (error as CommanderError)?.code === "string" &&
    (error as CommanderError).code.startsWith("commander.")
  );
}

/** Commander's text is `error: WHAT`, and `(Did you mean …?)` on a line of its own. */
function explainUsage({ message }: CommanderError, argv: readonly string[]): LockstepError {
  const [what = "", suggestion] = message.replace(/^error: /, "").split("\n");
  const [command] = argv.filter((word) => /^[a-z]/.test(word));
  const isKnown = !message.includes("unknown command");
  return new LockstepError("usage", {
    what,
    next: [
      ...(suggestion === undefined ? [] : [suggestion.replaceAll(/^\(|\)$/g, "").toLowerCase()]),
      `lockstep ${isKnown && command !== undefined ? `${command} ` : ""}--help`,
    ],
  });
}

/** Anything we did not foresee is our fault; the stack is kept back unless asked for. */
async function explainBug(error: unknown, context: Context): Promise<LockstepError> {
  const { redact } = await import("../pg/index.ts");
  const detail = error instanceof Error ? error : new Error(String(error));
  const text =
    context.env["LOCKSTEP_DEBUG"] === undefined ? detail.message : (detail.stack ?? detail.message);
  return new LockstepError(
    "internal",
    {
      what: "Lockstep met a situation it does not know",
      expected: "a failure that Lockstep can explain",
      found: redact(text, context.env["LOCKSTEP_DATABASE_URL"] ?? ""),
      why: "this is a bug in Lockstep, not in your migrations",
      next: [
        "lockstep status shows what was done; every command may be run again",
        "LOCKSTEP_DEBUG=1 and the same command show where it happened, for a bug report",
      ],
    },
    { cause: error },
  );
}
