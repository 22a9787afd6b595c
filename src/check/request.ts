import type { Sizes } from "../effects/index.ts";
import type { Agreement } from "../agreement/index.ts";
import type { Baseline, Finding, RuleConfig } from "../rules/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import type { ScratchDatabase } from "./facts.ts";
import type { FileReport } from "./report.ts";
import type { SelectRequest } from "./select.ts";

export interface CheckRequest extends Omit<SelectRequest, "hasBase" | "toTheEnd"> {
  /** A file of SQL that makes schema and rows before the named files. */
  readonly base: string | undefined;
  /** Of the target, where it is asked for; else it is looked for, see `targetVersion`. */
  readonly major: number | undefined;
  /** True: nothing is run, all is predicted. */
  readonly static: boolean;
  readonly scratchUrl: string | undefined;
  /** How long what comes before the checked files may take on scratch, in ms; 600,000 by default. */
  readonly replayMs: number | undefined;
  readonly sizes: Sizes | undefined;
  readonly baseline: Baseline | undefined;
  readonly ruleConfig: RuleConfig;
  /** What Lockstep's runner sets for every statement, for the mode `units`. */
  readonly runner: {
    readonly lockTimeoutMs?: number | undefined;
    readonly statementTimeoutMs?: number | undefined;
  };
  /** Looks at the repository's pipeline too. */
  readonly pipeline: boolean;
  /** Compares the code's schema, what all migrations together make, and the database. */
  readonly agreement: ((migrated: Migrated) => Promise<Agreed>) | undefined;
  /** The code's recorded statements; undefined where the config names none. */
  readonly statements: RecordedStatements | undefined;
}

/** Scratch with all migrations of a folder applied. */
export interface Migrated extends ScratchDatabase, Planned {
  readonly folder: MigrationFolder;
}

interface Planned {
  /** Checked files that a proven plan carries, with its folder. */
  readonly planned: ReadonlyMap<string, string>;
}

/** Statements of the code's, to be asked of scratch. */
export interface RecordedStatements {
  /** The file that holds them, as it is shown. */
  readonly file: string;
  /** Asks scratch before files are run; what it gives asks again afterwards, and says what these have broken. */
  before(
    database: ScratchDatabase & Planned,
  ): Promise<(ran: readonly FileReport[]) => Promise<readonly Finding[]>>;
  /** Asks where a proven plan halts; says what fails there that the code sends. */
  alongPlan(carried: CarriedPlan): Promise<readonly Finding[]>;
}

/** A proven plan on a scratch database that has all before its migration. */
interface CarriedPlan {
  /** Its folder, as it is shown. */
  readonly path: string;
  readonly url: string;
  /** Goes to the end of expand and backfill, where the old release and the new one run. */
  readonly toBoth: () => Promise<void>;
  /** Goes from there to the end of the contract phase. */
  readonly toEnd: () => Promise<void>;
}

/** What the comparison gave, and what there is to find fault with. */
export interface Agreed {
  readonly agreement: Agreement;
  readonly findings: readonly Finding[];
}

/** It takes a server to see what migrations make. */
export function comparesSchema({
  agreement,
  static: isStatic,
}: Pick<CheckRequest, "agreement" | "static">): boolean {
  return agreement !== undefined && !isStatic;
}
