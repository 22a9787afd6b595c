import type { CheckReport } from "../../check/index.ts";

const words = { error: "error", warning: "warning", info: "note" } as const;

/** `file:line:column: error: message [rule]`, as compilers print it and editors read it. */
export function* renderGcc({ findings }: CheckReport): Iterable<string> {
  for (const { file, line, column = 1, severity, message, rule } of findings)
    yield `${file}:${line}:${column}: ${words[severity]}: ${message.replaceAll(/\s+/g, " ")} [${rule}]\n`;
}
