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

/** More objects than this are counted, not listed. */
const listed = 10;

/** One diagnosis for each row, the first ten; how many more there are is told by the last. */
export function each<Row>(
  rows: readonly Row[],
  describe: (row: Row) => Diagnosis,
  noun: string,
): readonly Diagnosis[] {
  const all = rows.map(describe);
  if (all.length <= listed) return all;
  const rest = all.slice(listed);
  const worst = rest[0]!;
  return [
    ...all.slice(0, listed),
    { verdict: worst.verdict, found: `${rest.length} more ${noun}`, means: worst.means },
  ];
}
