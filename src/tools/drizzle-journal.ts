import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LockstepError } from "../errors/index.ts";
import type { Folder } from "./folder.ts";

/** One entry of `meta/_journal.json`, in the order in which Drizzle runs them. */
export interface JournalEntry {
  readonly idx: number;
  /** Milliseconds since 1970: what Drizzle's ledger keeps as `created_at`. */
  readonly when: number;
  /** File name without `.sql`. */
  readonly tag: string;
  /** Its line in the journal, for messages. */
  readonly line: number;
}

/**
 * Reads and checks a folder's journal.
 * @throws LockstepError `journal-invalid`, `migration-duplicate-id`, `file-unreadable`
 */
export function readJournal(folder: Folder): readonly JournalEntry[] {
  const file = `${folder.shown}/meta/_journal.json`;
  let text: string;
  try {
    text = readFileSync(join(folder.path, "meta", "_journal.json"), "utf8");
  } catch (error) {
    throw new LockstepError(
      "file-unreadable",
      {
        what: `${file} cannot be read`,
        expected: "Drizzle's journal, which says what is run and in which order",
        found: (error as NodeJS.ErrnoException).code ?? "unknown",
        from: file,
        next: [`ls -l ${file}`],
      },
      { cause: error },
    );
  }
  const journal = parse(text, file);
  if (!isRecord(journal) || !Array.isArray(journal["entries"]))
    throw invalid(file, "an object with a list `entries`", describe(journal));
  const dialect = journal["dialect"];
  if (dialect !== undefined && dialect !== "postgresql" && dialect !== "pg")
    throw invalid(
      file,
      "dialect postgresql",
      `dialect ${JSON.stringify(dialect)}`,
      "the folder was generated for another database; Lockstep knows PostgreSQL",
    );
  const lines = linesOfTags(text);
  const entries = journal["entries"].map((entry: unknown, index) =>
    readEntry(entry, index, file, lines),
  );
  const seen = new Map<string, JournalEntry>();
  for (const entry of entries) {
    const twin = seen.get(entry.tag);
    if (twin !== undefined)
      throw new LockstepError("migration-duplicate-id", {
        what: `the journal lists ${entry.tag} twice`,
        expected: "one entry for each file",
        found: `"tag": ${JSON.stringify(entry.tag)} in lines ${twin.line} and ${entry.line}`,
        from: `${file}:${entry.line}`,
        why: "two branches that were merged leave such a journal",
        next: [`remove one of the two entries; keep the one whose "when" the databases have`],
      });
    seen.set(entry.tag, entry);
  }
  return entries;
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    const conflict = /^(<{7}|={7}|>{7})/m.exec(text);
    const position = /position (\d+)/.exec(message)?.[1];
    const at = conflict?.index ?? (position === undefined ? text.length : Number(position));
    const line = text.slice(0, at).split("\n").length;
    throw new LockstepError(
      "journal-invalid",
      {
        what: `${file}:${line}: Drizzle's journal is not JSON`,
        expected: "the file as Drizzle Kit wrote it",
        found: conflict === null ? message : "the marks of a merge conflict",
        from: `${file}:${line}`,
        why:
          conflict === null
            ? "it was edited by hand or cut off"
            : "both branches added a migration, and the merge was committed undecided",
        next: [
          conflict === null
            ? `git diff HEAD~1 -- ${file}, and bring the last good one back`
            : 'keep the entries of both sides; idx and "when" must rise from entry to entry',
        ],
      },
      { cause: error },
    );
  }
}

function readEntry(
  entry: unknown,
  index: number,
  file: string,
  lines: readonly number[],
): JournalEntry {
  const where = `entry ${index} of \`entries\``;
  if (!isRecord(entry)) throw invalid(file, `${where}: an object`, describe(entry));
  const { tag, when, idx } = entry;
  if (typeof tag !== "string" || tag === "")
    throw invalid(file, `${where}: a text \`tag\`, the file's name without .sql`, describe(tag));
  if (/[\\/\0]/.test(tag) || tag.startsWith("."))
    throw invalid(file, `${where}: the name of a file in the same folder`, JSON.stringify(tag));
  const line = lines[index] ?? 1;
  if (!Number.isSafeInteger(when) || (when as number) < 0)
    throw invalid(
      `${file}:${line}`,
      `${where} (${tag}): milliseconds since 1970 as \`when\``,
      describe(when),
    );
  return {
    tag,
    when: when as number,
    idx: Number.isSafeInteger(idx) ? (idx as number) : index,
    line,
  };
}

/** The line of each entry's tag: JSON.parse tells no positions. */
function linesOfTags(text: string): readonly number[] {
  return text
    .split("\n")
    .flatMap((line, index) => Array.from(line.matchAll(/"tag"\s*:/g), () => index + 1));
}

function invalid(place: string, expected: string, found: string, why?: string): LockstepError {
  return new LockstepError("journal-invalid", {
    what: `${place}: Drizzle's journal is not as Drizzle Kit writes it`,
    expected,
    found,
    from: place,
    why: why ?? "it was edited by hand, or merged wrongly",
    next: [`git log -p -- ${place.replace(/:\d+$/, "")}, and bring the last good one back`],
  });
}

function describe(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
