import type { CheckReport } from "../check/index.ts";
import type { Style } from "./style.ts";

/** The formats of `lockstep check`. */
export const checkFormats = [
  "text",
  "json",
  "ndjson",
  "sarif",
  "github",
  "gitlab",
  "junit",
  "markdown",
  "gcc",
] as const;

export type CheckFormat = (typeof checkFormats)[number];

/** A report in pieces, so that a long one is never a single text. Each ends where a line ends. */
export type Pieces = Iterable<string>;

/** Renders a report. Loads only the format that is asked for. */
export async function renderCheck(
  report: CheckReport,
  format: CheckFormat,
  style: Style,
): Promise<Pieces> {
  switch (format) {
    case "text":
      return (await import("./formats/text.ts")).renderText(report, style);
    case "json":
      return (await import("./formats/json.ts")).renderJson(report);
    case "ndjson":
      return (await import("./formats/ndjson.ts")).renderNdjson(report);
    case "sarif":
      return (await import("./formats/sarif.ts")).renderSarif(report);
    case "github":
      return (await import("./formats/github.ts")).renderGithub(report);
    case "gitlab":
      return (await import("./formats/gitlab.ts")).renderGitlab(report);
    case "junit":
      return (await import("./formats/junit.ts")).renderJunit(report);
    case "markdown":
      return (await import("./formats/markdown.ts")).renderMarkdown(report);
    case "gcc":
      return (await import("./formats/gcc.ts")).renderGcc(report);
  }
}
