import type { CheckReport } from "../../check/index.ts";
import { findingJson } from "./json.ts";

/** One object a line: each file, finding, suppressed finding and note, and the result last. */
export function* renderNdjson(report: CheckReport): Iterable<string> {
  const { files, findings, suppressed, notes, ...result } = report;
  for (const file of files) yield line("file", file);
  for (const finding of findings) yield line("finding", findingJson(finding));
  for (const { finding, reason, by } of suppressed)
    yield line("suppressed", { ...findingJson(finding), reason, by });
  for (const note of notes) yield line("note", note);
  yield line("result", result);
}

function line(type: string, value: object): string {
  return `${JSON.stringify({ type, ...value })}\n`;
}
