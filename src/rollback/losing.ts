import { LockstepError } from "../errors/index.ts";
import { lossLine } from "./losses.ts";
import type { Loss } from "./request.ts";

interface Losing {
  readonly migration: string;
  readonly unnamed: readonly Loss[];
  /** What `--lose` has to name, those that it names already among them. */
  readonly named: readonly string[];
  /** The tool's own way back, by which it goes. */
  readonly command?: string | undefined;
  /** Whether statements before those that lose it are taken back already. */
  readonly isBegun?: boolean;
  readonly why: string;
  readonly cause?: unknown;
}

/** The refusal of a way back that loses what nobody has named. */
export function losesUnnamed({
  migration,
  unnamed,
  named,
  command,
  isBegun,
  why,
  cause,
}: Losing): LockstepError {
  const options = named.map((name) => `--lose ${quoted(name)}`).join(" ");
  return new LockstepError(
    "rollback-loses",
    {
      what: `taking ${migration} back loses what was written since: ${isBegun === true ? "what stands before that is taken back already" : "nothing was changed"}`,
      expected: "nothing lost, or each loss named",
      found: unnamed.map(lossLine).join("\n"),
      from: "the target's rows",
      why,
      next: [
        "keep it first: lockstep snapshot create, or copy the values into a table of their own; then, at your word:",
        `lockstep rollback ${migration} ${options}${command === undefined ? "" : ` -- ${command}`}`,
      ],
    },
    { cause },
  );
}

/** As a shell takes it. */
function quoted(name: string): string {
  return /^[\w./:-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
