import type { CheckReport } from "../check/index.ts";
import { count } from "./style.ts";

/** "2 errors, 1 warning", or that there is none. */
export function verdict(report: CheckReport): string {
  const { summary, files, pipeline, selection, agreement } = report;
  const { errors, warnings, infos } = summary;
  const parts = [
    ...(errors === 0 ? [] : [count(errors, "error")]),
    ...(warnings === 0 ? [] : [count(warnings, "warning")]),
    ...(infos === 0 ? [] : [`${infos} for information`]),
  ];
  if (errors + warnings === 0 && infos > 0) return `no hazard found, ${parts.join(", ")}`;
  if (parts.length > 0) return parts.join(", ");
  if (selection.by === "none") return "no hazard found in the pipeline, and no migration to check";
  const isNothing = files.length === 0 && pipeline === undefined && agreement === undefined;
  return isNothing ? "nothing to check" : "no hazard found";
}

/** What was looked at, how, and by which rule it was chosen. */
export function closing(report: CheckReport): string {
  const { files, server, selection, suppressed, pipeline } = report;
  const statements = files.reduce((sum, file) => sum + file.statements.length, 0);
  const why = server.majorBecause === undefined ? "" : ` (${server.majorBecause})`;
  const how = server.observed
    ? `observed on Postgres ${server.version ?? server.major}${why}`
    : `predicted for Postgres ${server.major}${why} from the parse trees`;
  const parts = [
    files.length === 0
      ? selection.by === "none"
        ? selection.because
        : `no migration of ${foldersIn(report)} is ${selection.because}${selection.history === 0 ? "" : `; --all checks ${selection.history === 1 ? "the one that is there" : `all ${selection.history}`}`}`
      : `${count(statements, "statement")} in ${count(files.length, "file")}, ${how}`,
    ...(files.length > 0 && selection.by !== "given"
      ? [`${foldersIn(report)}: ${selection.because}`]
      : []),
    ...(files.length > 0 && selection.history > 0
      ? [`after ${count(selection.history, "earlier migration")}`]
      : []),
    ...(files.length > 0 ? [sending(report)] : []),
    ...(pipeline === undefined || pipeline.files === 0
      ? []
      : [`${count(pipeline.files, "pipeline file")} read`]),
    ...(suppressed.length === 0 ? [] : [`${suppressed.length} suppressed`]),
  ];
  return parts.join(" · ");
}

/** More are counted. */
const shownFolders = 4;

function foldersIn({ selection }: CheckReport): string {
  const names = selection.places.flatMap(({ folder }) => folder ?? []);
  const left = names.length - shownFolders;
  return `${names.slice(0, shownFolders).join(", ")}${left > 0 ? ` and ${left} more` : ""}`;
}

type Place = CheckReport["selection"]["places"][number];

const sendings: Readonly<Record<Place["transaction"], string>> = {
  statement: "each statement sent on its own",
  file: "each file sent in one transaction",
  query: "each file sent as one query",
  deploy: "all files sent in one transaction",
  units: "each file sent in one transaction, but for what cannot run in one",
};

/** How the files reach the server, and who says so. */
function sending({ selection, files }: CheckReport): string {
  const ways = selection.places.map(({ transaction, transactionBy, tool }) => {
    const who = transactionBy === "tool" ? ` (${tool})` : "";
    const guess = transactionBy === "assumed" ? " (assumed; --transaction says otherwise)" : "";
    return sendings[transaction] + who + guess;
  });
  const others = files.filter(
    ({ transaction }) => !selection.places.some((place) => place.transaction === transaction),
  );
  const asked = others.length === 1 ? "1 file as it asks" : `${others.length} files as they ask`;
  return [...new Set(ways), ...(others.length === 0 ? [] : [asked])].join(", ");
}
