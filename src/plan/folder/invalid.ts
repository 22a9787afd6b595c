import { LockstepError } from "../../errors/index.ts";

/** Bad text in a plan's folder. */
export function invalid(
  from: string,
  say: {
    readonly what: string;
    readonly expected: string;
    readonly found?: string;
    readonly next: string;
  },
): LockstepError {
  return new LockstepError("plan-invalid", {
    what: `${from}: ${say.what}`,
    expected: say.expected,
    found: say.found,
    from,
    why: "the file was edited by hand, or only half of a merge was taken",
    next: [say.next, "lockstep plan --prove FOLDER when it is as you mean it"],
  });
}
