import { isLockstepError } from "../errors/index.ts";
import type { StatementGroup, TransactionMode } from "../effects/index.ts";
import { explainSyntaxError, type Finding } from "../rules/index.ts";
import { parseSql, type Statement } from "../sql/index.ts";
import type { SourceFile } from "./source-file.ts";

/** A file as statements, or the finding that says why it cannot be. */
export interface ParsedFile {
  readonly statements: readonly Statement[];
  /** How Lockstep's runner cuts it, for the mode `units`. */
  readonly groups: readonly StatementGroup[];
  /** What keeps it from being run at all. */
  readonly refused: Finding | undefined;
}

/**
 * Parses a file; what is wrong with its syntax is a finding like any other, and so is what Lockstep's runner refuses.
 *
 * @param isOurs true when that runner sends it; another tool that cuts files as it does refuses nothing
 */
export async function parseFile(
  source: SourceFile,
  { transaction, isOurs }: { readonly transaction: TransactionMode; readonly isOurs: boolean },
): Promise<ParsedFile> {
  let statements: readonly Statement[] = [];
  try {
    statements = await parseSql(source.sql, source.file);
    const groups = transaction === "units" ? await groupsOf(source) : [];
    return { statements, groups, refused: undefined };
  } catch (error) {
    if (!isLockstepError(error)) throw error;
    if (!isOurs && error.code === "migration-unsupported") return whole(statements);
    const { what, expected, found, from = source.file, why = "", next = [] } = error.explanation;
    const [line = 1, column] = numbersAfter(from, source.file);
    const isSyntax = error.code === "sql-syntax";
    const reason = (isSyntax ? explainSyntaxError(source.sql, what, line) : undefined) ?? why;
    const refused: Finding = {
      rule: isSyntax ? "syntax-error" : error.code,
      severity: "error",
      file: source.file,
      line,
      ...(column === undefined ? {} : { column, endLine: line, endColumn: column + 1 }),
      message: what.replace(`${from}: `, ""),
      why: [found === undefined ? "" : `At: ${found}.`, reason].filter(Boolean).join(" "),
      source: isSyntax ? "Postgres' own grammar" : "Lockstep's runner",
      wayOut: { text: next[0] ?? expected ?? "Correct the file." },
      docs: `docs/errors.md#${error.code}`,
    };
    return { statements, groups: [], refused };
  }
}

/** All of a file in one transaction. */
function whole(statements: readonly Statement[]): ParsedFile {
  const group = { statements: statements.map(({ index }) => index), inTransaction: true };
  return { statements, groups: [group], refused: undefined };
}

/** Line and column of `file:3:14`. */
function numbersAfter(place: string, file: string): readonly number[] {
  if (!place.startsWith(`${file}:`)) return [];
  return place
    .slice(file.length + 1)
    .split(":")
    .map(Number);
}

async function groupsOf(source: SourceFile): Promise<readonly StatementGroup[]> {
  const { cutUnits } = await import("../runner/index.ts");
  const units = await cutUnits(source);
  return units.map(({ kind, statements }) => ({
    statements: statements.map(({ index }) => index),
    inTransaction: kind === "transaction",
  }));
}
