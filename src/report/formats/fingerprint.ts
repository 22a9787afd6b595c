import { createHash } from "node:crypto";
import type { CheckReport } from "../../check/index.ts";
import type { Finding } from "../../rules/index.ts";

/**
 * What keeps a finding the same from one run to the next, wherever its line has moved: its rule, its file and its
 * statement; for what is in no statement, its message. Equal ones are numbered.
 */
export function fingerprints({ files, findings }: CheckReport): ReadonlyMap<Finding, string> {
  const statements = new Map<string, string>();
  for (const { file, statements: list } of files)
    for (const { line, sql } of list) {
      const place = `${file}:${line}`;
      if (!statements.has(place)) statements.set(place, sql);
    }
  const seen = new Map<string, number>();
  const prints = new Map<Finding, string>();
  for (const finding of findings) {
    const { rule, file, line, message } = finding;
    const text = JSON.stringify([rule, file, statements.get(`${file}:${line}`) ?? message]);
    const number = seen.get(text) ?? 0;
    seen.set(text, number + 1);
    prints.set(finding, createHash("sha256").update(`${text}${number}`).digest("hex").slice(0, 32));
  }
  return prints;
}
