import { saying } from "../facts.ts";
import type { PipelineRule } from "./rule.ts";

const withPassword = /^(?:postgres(?:ql)?|jdbc:postgresql):\/\/([^:@/\s]+):([^@/\s]+)@([^:/?\s]+)/;
const placeholder =
  /^(?:postgres|password|passwd|pass|secret|changeme|example|user|root|admin|test|dev|x+|\*+|<.*>|your.*|.*\$.*|.*_____.*)$/i;
const localHost =
  /^(?:localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal|[\w-]+)$|\.(?:local|internal|example|test)$|example\.(?:com|org)$/;

/** A literal password of a host that is not a name of the local network. */
export const passwordInFile: PipelineRule = {
  id: "pipeline-password-in-file",
  title: "A database password is in the repository",
  severity: "error",
  *check(facts) {
    const told = new Set<string>();
    for (const occurrence of facts.occurrences) {
      const { action } = occurrence;
      if (action.kind !== "migrate" && action.kind !== "push") continue;
      for (const word of [...action.words, ...action.variables.values()]) {
        const [, user, password, host] = withPassword.exec(word.text) ?? [];
        if (!word.literal || user === undefined || password === undefined || host === undefined)
          continue;
        if (placeholder.test(password) || localHost.test(host)) continue;
        const key = `${word.span.file.path}:${word.span.start}`;
        if (told.has(key)) continue;
        told.add(key);
        yield {
          at: word.span,
          message: `The password of "${user}" on ${host} stands in the file that runs ${saying(occurrence)}.`,
          why: "Everybody who can read the repository, its forks or the job's log can change that database; the history keeps it after it is deleted.",
          wayOut: {
            text: "Change the password, then take the address from the CI system's secrets.",
            code: "env:\n  DATABASE_URL: ${{ secrets.DATABASE_URL }}",
          },
        };
      }
    }
  },
};
