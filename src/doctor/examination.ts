import type { Queryable, ServerFacts } from "../pg/index.ts";
import type { Provider } from "./provider.ts";

/**
 * `danger`: a deploy, or the database itself, will be hurt by it. `warning`: it will be when something else goes wrong.
 * `unknown`: it cannot be seen from here, and is not taken for good. `note`: worth knowing.
 */
export type Verdict = "danger" | "warning" | "unknown" | "note" | "ok";

/** One fact of a database, and what it means for changes to it. */
export interface Diagnosis {
  readonly verdict: Verdict;
  /** What it is of: a table, a slot, a session; undefined for the server as a whole. */
  readonly object?: string | undefined;
  /** The fact as it was read, with its measure. */
  readonly found: string;
  /** What it leads to; undefined when all is well. */
  readonly means?: string | undefined;
  /** Statements, commands or steps that help. */
  readonly next?: readonly string[];
}

/** The database that is looked at. */
export interface Patient {
  readonly database: Queryable;
  readonly url: string;
  readonly facts: ServerFacts;
  readonly provider: Provider | undefined;
  /** The server's clock. */
  readonly now: Date;
  /** From how many seconds on a transaction is long. */
  readonly longSeconds: number;
}

/** One subject that is looked into. It only reads. */
export interface Examination {
  /** As in the report and in docs/doctor.md. */
  readonly name: string;
  /** What is asked, so that "yes" is the good answer. */
  readonly question: string;
  /**
   * Everything worth telling, the worst first; at least one diagnosis. What the role may not see is `unknown`, and a
   * failing query is made `unknown` by who calls.
   */
  examine(patient: Patient): Promise<readonly Diagnosis[]>;
}

/** From the worst on. */
const order: readonly Verdict[] = ["danger", "warning", "unknown", "note", "ok"];

/** Diagnoses with the worst first; those that are as bad as one another in their own order. */
export function worstFirst(diagnoses: readonly Diagnosis[]): readonly Diagnosis[] {
  return diagnoses.toSorted((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
}

/** Of several verdicts the worst. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  return order.find((verdict) => verdicts.includes(verdict)) ?? "ok";
}

/** `1 table`, `3 tables`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : noun.endsWith("x") ? "es" : "s"}`;
}

/** More objects than this are counted, not listed. */
const listed = 10;

/**
 * One diagnosis for each row, the ten worst; how many more there are is told by the last.
 * @param noun for one of them
 */
export function each<Row>(
  rows: readonly Row[],
  describe: (row: Row) => Diagnosis,
  noun: string,
): readonly Diagnosis[] {
  const all = worstFirst(rows.map(describe));
  const [next, ...others] = all.slice(listed);
  if (next === undefined) return all;
  const found = `and ${count(others.length + 1, noun)} more`;
  return [...all.slice(0, listed), { verdict: next.verdict, found, means: next.means }];
}
