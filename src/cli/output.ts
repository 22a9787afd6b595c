import type { LockstepEvent } from "../events/index.ts";
import { progressReporter, type Style } from "../report/index.ts";
import { styleOf, type Context } from "./context.ts";

export type Format = "text" | "json" | "ndjson";

export interface FormatOptions {
  readonly format?: Format;
  readonly json?: boolean;
}

/** Where a command's result and its events go, by the format that was asked for. */
export interface CommandOutput {
  readonly format: Format;
  readonly style: Style;
  /** Progress: drawn on stderr for `text`, one JSON object a line on stdout for `ndjson`, nothing for `json`. */
  readonly listener: (event: LockstepEvent) => void;
  /** Prints the result: `text()` for people, the object otherwise (as the last line of `ndjson`). */
  result(value: object, text: () => string): void;
  /** Prints how a command failed, for scripts: the object, marked as an error in `ndjson`. */
  failure(value: object): void;
}

export function commandOutput(options: FormatOptions, context: Context): CommandOutput {
  const format = options.json === true ? "json" : (options.format ?? "text");
  const style = styleOf(context, context.stdout);
  const draw = progressReporter(
    (text) => void context.stderr.write(text),
    styleOf(context, context.stderr),
    context.stderr.isTTY === true,
  );
  return {
    format,
    style,
    listener: (event) => {
      if (format === "text") draw(event);
      if (format === "ndjson") context.stdout.write(`${JSON.stringify(event)}\n`);
    },
    result: (value, text) => {
      if (format === "text") {
        const drawn = text();
        if (drawn !== "") context.stdout.write(`${drawn}\n`);
      } else if (format === "json") context.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
      else context.stdout.write(`${JSON.stringify({ type: "result", ...value })}\n`);
    },
    failure: (value) => {
      const line =
        format === "ndjson"
          ? JSON.stringify({ type: "error", ...value })
          : JSON.stringify(value, null, 2);
      context.stdout.write(`${line}\n`);
    },
  };
}

/** The format that a command line asks for, also where it cannot be parsed: a script must get what it can read. */
export function formatOf(words: readonly string[]): Format {
  // What stands behind the dashes is another command's.
  const argv = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  if (argv.includes("--json")) return "json";
  const wanted = argv.flatMap((word, index) =>
    word === "--format" ? [argv[index + 1]] : word.startsWith("--format=") ? [word.slice(9)] : [],
  );
  return wanted.includes("ndjson") ? "ndjson" : wanted.includes("json") ? "json" : "text";
}
