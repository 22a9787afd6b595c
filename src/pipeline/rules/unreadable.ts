import type { PipelineRule } from "./rule.ts";

/** What cannot be read is said, once a file. */
export const unreadable: PipelineRule = {
  id: "pipeline-unreadable",
  title: "A pipeline file is not valid",
  severity: "info",
  *check(facts) {
    const told = new Set<string>();
    for (const { span, message } of facts.malformed) {
      if (told.has(span.file.path)) continue;
      told.add(span.file.path);
      yield {
        at: span,
        message: `${span.file.path} could not be read from here on: ${message}.`,
        why: "Nothing is claimed about the part that could not be read.",
        wayOut: { text: "Correct the syntax at this place." },
      };
    }
  },
};
