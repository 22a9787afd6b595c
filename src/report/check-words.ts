import type { CheckReport } from "../check/index.ts";
import { count } from "./style.ts";

/** "2 errors, 1 warning", or that there is none. */
export function verdict({ summary, files, pipeline }: CheckReport): string {
  const { errors, warnings, infos } = summary;
  const parts = [
    ...(errors === 0 ? [] : [count(errors, "error")]),
    ...(warnings === 0 ? [] : [count(warnings, "warning")]),
    ...(infos === 0 ? [] : [`${infos} for information`]),
  ];
  if (parts.length > 0) return parts.join(", ");
  return files.length === 0 && pipeline === undefined ? "nothing to check" : "no hazard found";
}

/** What was looked at, how, and by which rule it was chosen. */
export function closing(report: CheckReport): string {
  const { files, server, selection, suppressed, pipeline } = report;
  const statements = files.reduce((sum, file) => sum + file.statements.length, 0);
  const how = server.observed
    ? `observed on Postgres ${server.version ?? server.major}`
    : `predicted for Postgres ${server.major} from the parse trees`;
  const parts = [
    files.length === 0
      ? selection.by === "none"
        ? selection.because
        : `no migration is ${selection.because}`
      : `${count(statements, "statement")} in ${count(files.length, "file")}, ${how}`,
    ...(files.length > 0 && selection.by !== "given" ? [selection.because] : []),
    ...(selection.history > 0 ? [`after ${count(selection.history, "earlier migration")}`] : []),
    ...(pipeline === undefined || pipeline.files === 0
      ? []
      : [`${count(pipeline.files, "pipeline file")} read`]),
    ...(suppressed.length === 0 ? [] : [`${suppressed.length} suppressed`]),
  ];
  return parts.join(" · ");
}
