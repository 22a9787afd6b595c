import { wordsText } from "../expand.ts";
import type { Occurrence } from "../facts.ts";
import type { Severity } from "../../rules/index.ts";

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
