import type { Rehearsal, RehearsedStep, StepFault } from "../rehearse/index.ts";
import { count, duration } from "./style.ts";

/** What became of the pipeline's own command, in sentences that every format has alike. */

export const stepHead = "The pipeline's own command";

/** The verdict first; then what is to be known of it. Nothing where none was run. */
export function stepOf({ step }: Rehearsal): readonly string[] {
  if (step === undefined) return [];
  const { beforeContract, refused, rowsCompared, ended } = step;
  return [
    verdictOf(step),
    ...(beforeContract.length === 0
      ? []
      : [
          `${count(beforeContract.length, "plan")} stopped before the contract phase, as Lockstep's own do until that is run: ${beforeContract.join(", ")}`,
        ]),
    ...(step.ms === null || step.runnerMs === null || step.missing.length > 0
      ? []
      : [
          `beside the runner, which took ${duration(step.runnerMs)} for the same work there: ${difference(step.ms - step.runnerMs)}, which the estimate of all of it does not hold`,
        ]),
    ...(refused.length === 0 || step.faults.length > 0
      ? []
      : [`it tried to reach ${refused.join(", ")}, which was refused here`]),
    ...(rowsCompared || ended === null
      ? []
      : ["rows were too many to be compared: catalogs and ledger alone were"]),
  ];
}

/** What speaks against it: the sentence, and the rest as labels with their text. */
export function stepFaultsOf({ step }: Rehearsal): readonly StepFaultLines[] {
  return (step?.faults ?? []).map(({ what, ...rest }) => ({ what, rows: rowsOf(rest) }));
}

export interface StepFaultLines {
  readonly what: string;
  readonly rows: readonly (readonly [string, string])[];
}

function rowsOf({ expected, found, why, next }: Omit<StepFault, "what">): StepFaultLines["rows"] {
  return [
    ["expected", expected],
    ["found", found],
    ["why", why],
    ...next.map((one, index) => [index === 0 ? "next" : "", one] as const),
  ];
}

function verdictOf(step: RehearsedStep): string {
  const { command, ended, ms, applied, missing, ledger, again, sameCatalog } = step;
  if (ended === null || ms === null) return `${command}: not run`;
  const all = applied.length + missing.length;
  const of =
    missing.length > 0
      ? `${applied.length} of ${count(all, "pending migration")} applied`
      : all === 1
        ? "the pending migration is applied"
        : `all ${all} pending migrations are applied`;
  const by = ledger === null ? "" : ` by ${ledger}`;
  const catalog =
    missing.length > 0
      ? ""
      : sameCatalog
        ? ", the catalog is the one that the runner made"
        : ", the catalog is not the one that the runner made";
  const second =
    again === undefined
      ? ""
      : `; run again: ${again.ended}, ${again.changed.length === 0 ? "nothing changed" : "something changed"}`;
  return `${command}: ${ended} in ${duration(ms)}; ${of}${by}${catalog}${second}`;
}

function difference(ms: number): string {
  return ms < 0 ? `${duration(-ms)} less` : `${duration(ms)} more`;
}

/** Said in the end, where one reads first: the pipeline would not do it. */
export function stepEnding({ step }: Rehearsal): string | undefined {
  const first = step?.faults[0];
  return first === undefined ? undefined : `The pipeline would not do it: ${first.what}.`;
}
