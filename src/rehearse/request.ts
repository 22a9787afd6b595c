import type { SourceStatistics } from "../clone/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import type { GivenRunOptions } from "../runner/index.ts";
import type { MaskRules } from "../sanitise/index.ts";
import type { QualifiedName } from "../sql/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import type { Calibration } from "./model.ts";

export interface RehearseRequest {
  readonly folder: MigrationFolder;
  /** The working folder, to which the files' paths are relative. */
  readonly cwd: string;
  /** Ids of migrations that the source has. */
  readonly applied: ReadonlySet<string>;
  readonly plans: readonly PlanFolder[];
  readonly statistics: SourceStatistics;
  /** Shares of the source's rows, above 0; each is rehearsed. */
  readonly scales: readonly number[];
  readonly seed: number;
  readonly major: number;
  readonly scratchUrl: string | undefined;
  /** A restored copy to rehearse on instead of made rows: see `requireCopy`. With it there is one scale, 1. */
  readonly copyUrl?: string | undefined;
  /** The source itself, whose rows are copied, masked, instead of made ones. With it there is one scale, 1. */
  readonly sanitise?: SanitiseFrom | undefined;
  readonly runner: GivenRunOptions;
  readonly load: LoadRequest | undefined;
  /** How it would be brought back: with it the report tells how long that takes. */
  readonly recovery?: RecoveryRequest | undefined;
  /** The command by which the pipeline applies what is pending: it is run too. */
  readonly step?: StepRequest | undefined;
  /** What past runs say of estimates. */
  readonly calibration?: Calibration | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface StepRequest {
  /** A line for the shell, or a program and its arguments. */
  readonly command: string | readonly string[];
  /** The same as it was typed. */
  readonly shown: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables that the project keeps the URLs of its databases in. */
  readonly urlVariables: readonly string[];
  /** URLs of databases that it may not reach, as far as they are known. */
  readonly known: readonly string[];
  /** How long it may run, in ms. */
  readonly limitMs: number;
  /** Told each line that it prints. */
  readonly onLine?: ((line: string) => void) | undefined;
}

export interface SanitiseFrom {
  readonly url: string;
  readonly rules: MaskRules;
  /** The same key makes the same masks; a random one when left away. */
  readonly key: string | undefined;
}

export interface LoadRequest {
  /** The application's statements, when the statistics hold them; from the schema when left away. */
  readonly from?: "schema" | "statements";
  /** Statements a second. */
  readonly perSecond: number;
  readonly sessions: number;
  /** How long it runs before and after the work, in ms. */
  readonly calmMs: number;
}

export interface RecoveryRequest {
  /** How snapshots are made: `dump`, `restore-point`, a provider. */
  readonly by: string;
  /** Connections that dump and restore. */
  readonly jobs: number;
  /** The dump that was restored last; its time counts more than that of clones. */
  readonly restored:
    | {
        readonly name: string;
        /** ISO time. */
        readonly at: string;
        readonly ms: number;
        readonly jobs: number;
        /** Bytes of its tables then. */
        readonly tables: Readonly<Record<QualifiedName, number>>;
      }
    | undefined;
  /**
   * Dumps a database and restores it into an empty one.
   * @returns how long the second took, in ms
   * @throws LockstepError where it cannot be done
   */
  readonly timeRestore: (from: string, to: string) => Promise<number>;
}
