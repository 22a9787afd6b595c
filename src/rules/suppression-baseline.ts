import { createHash } from "node:crypto";
import { LockstepError } from "../errors/index.ts";
import { loadParser } from "../sql/index.ts";
import type { Finding } from "./finding.ts";

/** A finding that was there before Lockstep was, and that somebody accepted. */
export interface BaselineEntry {
  readonly rule: string;
  readonly file: string;
  /** `statementHash` of the statement, `lineHash` of a pipeline's line: the entry ends when that changes. */
  readonly statement: string;
  readonly reason: string;
  /** 1-based line of the entry in the baseline file. */
  readonly line: number;
}

export interface Baseline {
  /** The baseline file, as it is shown in findings. */
  readonly path: string;
  readonly entries: readonly BaselineEntry[];
}

/** 16 hexadecimal characters that stay the same when only comments and white space change. */
export async function statementHash(sql: string): Promise<string> {
  const { scanSync } = await loadParser();
  const bytes = Buffer.from(sql, "utf8");
  const words = scanSync(sql)
    .tokens.filter(({ tokenName }) => !tokenName.endsWith("COMMENT"))
    .map(({ start, end }) => bytes.toString("utf8", start, end));
  return createHash("sha256").update(words.join("\0")).digest("hex").slice(0, 16);
}

/** The same for a line of a file that holds no SQL. */
export function lineHash(line: string): string {
  return createHash("sha256").update(line.trim()).digest("hex").slice(0, 16);
}

/**
 * Reads a baseline file: a JSON list of `{ rule, file, statement, reason }`.
 * @throws LockstepError `config-invalid` when it is anything else, or an entry has no reason
 */
export function parseBaseline(text: string, path: string): Baseline {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw invalid(path, (error as Error).message);
  }
  if (!Array.isArray(list)) throw invalid(path, "not a list");
  let from = 0;
  const entries = list.map((entry: unknown, index) => {
    const { rule, file, statement, reason } = (entry ?? {}) as Record<string, unknown>;
    if (typeof rule !== "string" || typeof file !== "string" || typeof statement !== "string")
      throw invalid(path, `entry ${index + 1} lacks rule, file or statement`);
    if (typeof reason !== "string" || reason.trim() === "")
      throw invalid(path, `entry ${index + 1} (${rule} in ${file}) has no reason`);
    const at = Math.max(text.indexOf(`"${statement}"`, from), from);
    from = at;
    return { rule, file, statement, reason, line: text.slice(0, at).split("\n").length };
  });
  return { path, entries };
}

function invalid(path: string, found: string): LockstepError {
  return new LockstepError("config-invalid", {
    what: `${path} is not a baseline`,
    expected: "a JSON list of entries with rule, file, statement and reason",
    found,
    from: path,
    why: "an entry that cannot be read could hide a hazard",
    next: [`correct ${path}, or write it again with \`lockstep check --write-baseline\``],
  });
}

/** A finding with the statement that it is about, or the line of a file that holds no SQL. */
export type AcceptedFinding = { readonly finding: Finding } & (
  | { readonly sql: string }
  | { readonly text: string }
);

/** A baseline of these findings as the text of its file, one entry a line, ordered, each with the same reason. */
export async function writeBaseline(
  findings: readonly AcceptedFinding[],
  reason: string,
): Promise<string> {
  const lines = new Set<string>();
  for (const { finding, ...at } of findings) {
    const statement = "sql" in at ? await statementHash(at.sql) : lineHash(at.text);
    lines.add(JSON.stringify({ rule: finding.rule, file: finding.file, statement, reason }));
  }
  return `[\n${[...lines].map((line) => `  ${line}`).join(",\n")}\n]\n`;
}
