import { readdirSync, readFileSync } from "node:fs";
import type { ConformanceCase, Recorded } from "./case.ts";

/** What the real tool was seen to do. */
export function recordedOf({ tool }: ConformanceCase): Recorded {
  const file = new URL(`recorded/${tool}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Recorded;
}

/** The same of other lines of the tool's releases. */
export function earlierOf({ tool }: ConformanceCase): readonly Recorded[] {
  const folder = new URL("recorded/", import.meta.url);
  const own = new RegExp(`^${tool}-\\d.*\\.json$`);
  return readdirSync(folder)
    .filter((name) => own.test(name))
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Recorded);
}

/** The table of docs/tools.md: what each tool was seen to do, and to leave in its ledger. */
export function conformanceTable(cases: readonly ConformanceCase[]): string {
  const rows = cases.flatMap((one) =>
    [recordedOf(one), ...earlierOf(one)].map((recorded) => rowOf(one, recorded)),
  );
  const head = [
    "tool, as it was run",
    "after Lockstep it does",
    "a file that fails leaves",
    "while Lockstep is half-way in a file",
    "between the phases of a plan",
    "an applied file was edited",
    "a file was merged behind",
  ];
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** What Lockstep was seen to do with one tool's folder and ledger, in words. */
export interface Seen {
  readonly detected: string;
  readonly order: string;
  readonly applied: string;
  readonly adopted: string;
  readonly edited: string;
  readonly failed: string;
  readonly resumed: string;
  readonly down: string;
}

/** The table of docs/tools.md of what Lockstep was seen to do with each tool's folder. */
export function behaviourTable(seen: ReadonlyMap<string, Seen>): string {
  const head = [
    "folder of",
    "is detected as (tool:folder)",
    "order",
    "`lockstep migrate`; the ledger then",
    "two files applied by the tool",
    "one of them edited before Lockstep's first run",
    "what the tool leaves of a file that fails",
    "Lockstep stopped half-way in a file; mended, and again",
    "way back of the first file; rows when the last is taken back",
  ];
  const rows = [...seen].map(([tool, one]) => [
    tool,
    one.detected,
    one.order,
    one.applied,
    one.adopted,
    one.edited,
    one.failed,
    one.resumed,
    one.down,
  ]);
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function rowOf(one: ConformanceCase, recorded: Recorded): readonly string[] {
  const { afterLockstep, failed, inFlight, planned, edited, late } = recorded;
  const trace = one.tells.failed ? "a row that says so" : "nothing in its ledger";
  const isStopped = /dirty|failed migrations|partially applied|Validate failed/i.test(
    inFlight.says,
  );
  return [
    `${one.tool} ${recorded.version}: \`${recorded.command}\``,
    afterLockstep.exitCode === 0 ? "nothing, exit 0" : `exit ${afterLockstep.exitCode}`,
    `${trace}, exit ${failed.exitCode}`,
    `${isStopped ? "refuses" : "runs the file from its beginning"}, exit ${inFlight.exitCode}`,
    planned === undefined
      ? "was not run"
      : `${planned.isUntouched ? "nothing" : "**changes something**"}, exit ${planned.exitCode}`,
    edited.exitCode === 0 ? "does not notice" : "refuses",
    late.ran ? "runs it" : late.exitCode === 0 ? "**passes over it, exit 0**" : "refuses",
  ];
}
