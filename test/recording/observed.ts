import { readFileSync } from "node:fs";

/** What a tool was seen to do; `guarded` is what `lockstep migrate` said, a code of an error in backticks. */
export interface Observed {
  readonly version: string;
  readonly guarded: string;
  /** Its own command afterwards. */
  readonly again: { readonly ran: number; readonly ended: string };
  /** Its own status says so afterwards. */
  readonly isCleanAfter: boolean;
  readonly edited: { readonly ended: string; readonly guarded: string };
  readonly late: { readonly ran: number; readonly ended: string; readonly guarded: string };
  readonly failed: {
    readonly guarded: string;
    /** What stood before the statement that failed is there. */
    readonly left: boolean;
    /** Lockstep's word for the migration. */
    readonly state: string;
    /** Once the file was mended. */
    readonly mended: string;
  };
  /** Its own command while `lockstep migrate` runs. */
  readonly inFlight: {
    /** It did not end before the other. */
    readonly waits: boolean;
    readonly ended: string;
    readonly guarded: string;
    /** Of the ledger, in the end: three migrations were there. */
    readonly rows: number;
  };
  readonly killed: { readonly guarded: string; readonly state: string };
  readonly down: {
    readonly ended: string;
    readonly ran: number;
    readonly state: string;
    readonly guarded: string;
  };
}

/** What a tool is published as, where it is not its own name. */
export const packageOf: Readonly<Record<string, string>> = {
  "mikro-orm": "@mikro-orm/core",
  sequelize: "sequelize-cli",
};

/** By tool; of another version than the repository's, by tool and version. */
export function readObserved(): Readonly<Record<string, Observed>> {
  const file = new URL("observed.json", import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, Observed>;
}

/** The table of docs/tools.md: what each tool was seen to do, alone and under `lockstep migrate`. */
export function observedTable(observed: Readonly<Record<string, Observed>>): string {
  const head = [
    "tool, as it was run",
    "by `lockstep migrate`; its own command and status afterwards",
    "an applied file was edited",
    "a file was merged behind",
    "a migration fails",
    "its own command while `lockstep migrate` runs",
    "it was killed in a migration; then `lockstep migrate`",
    "after its own way back",
  ];
  const rows = Object.entries(observed).map(([key, seen]) => rowOf(key.split(" ", 1)[0]!, seen));
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

const exit = (ended: string) => ended.replace("exit code", "exit");

function rowOf(tool: string, seen: Observed): readonly string[] {
  const { version, guarded, again, isCleanAfter, edited, late, failed, inFlight, killed, down } =
    seen;
  return [
    `${tool} ${version}`,
    `${guarded}; ${again.ran === 0 ? "nothing" : `runs ${again.ran}`}, ${exit(again.ended)}; status ${isCleanAfter ? "clean" : "**not clean**"}`,
    `${edited.ended === "exit code 0" ? "does not notice" : "refuses"}; ${edited.guarded}`,
    `${late.ran > 0 ? "runs it" : late.ended === "exit code 0" ? "**passes over it, exit 0**" : "refuses"}; ${late.guarded}`,
    `${failed.guarded}, ${failed.left ? "**what came before it stays**" : "nothing of it stays"}, ${failed.state}; mended: ${failed.mended}`,
    `${inFlight.waits ? "waits" : "refuses"}, then ${exit(inFlight.ended)}; ${inFlight.guarded}`,
    `${killed.guarded}, ${killed.state}`,
    `${down.ran === -1 ? "one row less" : "nothing"}; ${down.guarded}`,
  ];
}
