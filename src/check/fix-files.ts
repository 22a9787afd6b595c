import { chmodSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { applyFixes, oneByOne, type Finding } from "../rules/index.ts";
import type { CheckReport } from "./report.ts";

/** A file that was changed, and by which findings. */
export interface FixedFile {
  readonly file: string;
  readonly fixed: readonly Finding[];
}

/**
 * Applies the edits of a report's findings to their files, of each finding all or none. A file is replaced in one step,
 * so that it is never half written. Edits that touch each other wait for the next check.
 *
 * @throws LockstepError `usage` for a file that cannot be changed; those before it are
 */
export function fixFiles(report: CheckReport, cwd: string): readonly FixedFile[] {
  const findings = oneByOne(report.findings);
  const files = new Set(
    findings.flatMap(({ wayOut }) => (wayOut.edits ?? []).map(({ file }) => file)),
  );
  return [...files].flatMap((file) => {
    const own = findings.filter(({ wayOut }) => wayOut.edits?.some((edit) => edit.file === file));
    const path = resolve(cwd, file);
    const text = readFileSync(path, "utf8");
    // Offsets count from behind a byte order mark, which the parser was not shown.
    const mark = text.startsWith("\uFEFF") ? "\uFEFF" : "";
    const { text: changed, fixed } = applyFixes(text.slice(mark.length), file, own);
    if (fixed.length === 0) return [];
    replaceFile(path, mark + changed);
    return [{ file, fixed }];
  });
}

/** Writes beside the file and renames: readers see the old text or the new one. */
function replaceFile(path: string, text: string): void {
  const draft = `${path}.lockstep-${process.pid}`;
  try {
    writeFileSync(draft, text);
    chmodSync(draft, statSync(path).mode);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new LockstepError(
      "usage",
      {
        what: `${path} cannot be changed`,
        expected: "a file in a folder that may be written: the new text is written beside it first",
        found: (error as NodeJS.ErrnoException).code ?? "an unknown failure",
        next: [`ls -l ${path}`, "or see without --fix what it would change"],
      },
      { cause: error },
    );
  }
}
