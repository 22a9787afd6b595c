import { wordsText } from "../expand.ts";
import type { Occurrence } from "../facts.ts";
import type { Severity } from "../../rules/index.ts";

/** What the finding is read from: `workflow file`, `package.json`, `shell script`, `Dockerfile`. */
export function sourceOf({ action, pipeline }: Occurrence): string {
  const { path } = action.span.file;
  if (path.endsWith("package.json")) return "package.json";
  if (/\.ya?ml$/.test(path))
    return pipeline.role === "ci" ? `${pipeline.what} file` : pipeline.what;
  if (path === pipeline.file.path) return pipeline.what;
  return "shell script";
}

/** An error in production, a warning in an environment before it or in one that is not known. */
export const severityIn = ({ environment }: Occurrence): Severity =>
  environment.kind === "production" ? "error" : "warning";

/** The command on one line. */
export const commandText = ({ action }: Occurrence): string => wordsText(action.words);

/** What a person would write in the pipeline to start this action. */
export function callText(occurrence: Occurrence): string {
  const called = occurrence.action.via.find(({ what }) => !/\.ya?ml$/.test(what));
  return called?.text ?? commandText(occurrence);
}
