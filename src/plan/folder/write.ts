import { deletion } from "../../backfill/index.ts";
import { parseLoaded, quoteQualified } from "../../sql/index.ts";
import type { Change, Fill, Plan, Step } from "../model.ts";

/** The files of a plan's phases, in the order in which they are run; `abort.sql` takes the first two back. */
export const planFileNames = ["expand.sql", "backfill.sql", "contract.sql", "abort.sql"] as const;
export type PlanFileName = (typeof planFileNames)[number];

/** What each file holds. */
export type PlanTexts = Readonly<Record<PlanFileName, string>>;

export type PhaseName = "expand" | "backfill" | "contract";

/** What begins each file, for whoever opens it. */
const heads: Readonly<Record<PlanFileName, readonly string[]>> = {
  "expand.sql": ["everything new, which the running release does not notice."],
  "backfill.sql": [
    "existing rows, then what the new release needs of them. The new release starts after it.",
  ],
  "contract.sql": ["the end of the old form, once no instance of the old release is left."],
  "abort.sql": ["the way back, however far expand and backfill have come."],
};

/**
 * A plan as plain SQL, which a person can read, edit and review, and psql could run. Each statement, or what stands
 * between BEGIN and COMMIT, is a step. An UPDATE or DELETE behind `-- lockstep: backfill` is run in batches; behind
 * `-- lockstep: backfill once` an UPDATE visits each row once.
 */
export function planTexts(plan: Plan): PlanTexts {
  const text = (file: PlanFileName, blocks: readonly string[]) =>
    [
      "-- lockstep: no-transaction",
      `-- Plan ${plan.id}, ${file}: ${heads[file].join(" ")}`,
      ...(blocks.length === 0 ? ["-- Nothing to do."] : []),
      "",
      ...blocks,
    ].join("\n");
  const phases = ["expand", "backfill", "contract"] as const;
  const [expand, backfill, contract] = phases.map((phase) =>
    text(`${phase}.sql`, plan[phase].map(stepBlock)),
  );
  return {
    "expand.sql": expand!,
    "backfill.sql": backfill!,
    "contract.sql": contract!,
    "abort.sql": text("abort.sql", abortBlocks(plan)),
  };
}

function stepBlock(step: Step, n: number): string {
  // A name may hold a line break.
  const title = `-- step ${n + 1}: ${step.title.replaceAll(/\s+/g, " ")}`;
  return step.kind === "fill"
    ? `${title}\n-- lockstep: backfill${step.once === true ? " once" : ""}\n${fillSql(step)};\n`
    : `${title}\n${changeSql(step)}\n`;
}

/** The fill as one statement, as it would be without batches. */
export function fillSql({ table, set, todo }: Fill): string {
  const name = `${quoteQualified(table.schema, table.name)} AS t`;
  return set === deletion
    ? `DELETE FROM ${name} WHERE ${todo}`
    : `UPDATE ${name} SET ${set} WHERE ${todo}`;
}

function changeSql(change: Change): string {
  if (change.kind === "outside") return `${change.statement};`;
  const lines = change.statements.map((statement) => `${statement};`);
  const [only, ...more] = lines;
  if (only !== undefined && more.length === 0 && !isProgram(only)) return only;
  return ["BEGIN;", ...lines, "COMMIT;"].join("\n");
}

/**
 * DO or CALL. The runner sends them alone, for they may commit, where it makes a transaction of every other statement
 * that can run in one. The catalog does not tell whether a program ran to its end: in a transaction, the ledger does.
 */
function isProgram(statement: string): boolean {
  const [only] = parseLoaded(statement, "plan");
  return only !== undefined && ("DoStmt" in only.node || "CallStmt" in only.node);
}

/** The last step's first. */
function abortBlocks({ expand, backfill }: Plan): readonly string[] {
  const of = (phase: PhaseName, steps: readonly Step[]) =>
    steps.map(({ undo }, n) =>
      undo.length === 0
        ? []
        : [[`-- undo of ${phase} ${n + 1}`, ...undo.map(changeSql), ""].join("\n")],
    );
  return [...of("expand", expand), ...of("backfill", backfill)].toReversed().flat();
}
