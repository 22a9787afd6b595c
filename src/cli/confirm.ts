import { LockstepError } from "../errors/index.ts";
import type { Context } from "./context.ts";

/**
 * Whether a person agrees to what was shown.
 * @param yes given with the command, by a script that has looked before
 * @throws LockstepError `usage` where nobody can be asked and nothing was given
 */
export async function confirmed(
  question: string,
  yes: boolean | undefined,
  context: Context,
): Promise<boolean> {
  if (yes === true) return true;
  if (context.confirm !== undefined) return context.confirm(question);
  throw new LockstepError("usage", {
    what: "nobody can be asked here",
    expected: "a terminal to confirm in, or --yes",
    found: "no terminal",
    why: "what is ended is ended on a person's word alone",
    next: ["look at what was shown, then the same command with --yes"],
  });
}
