import type { Sizes } from "../effects/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import type { GivenRunOptions } from "../runner/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import type { Calibration } from "./model.ts";

export interface RehearseRequest {
  readonly folder: MigrationFolder;
  /** The working folder, to which the files' paths are relative. */
  readonly cwd: string;
  /** Ids of migrations that the source has. */
  readonly applied: ReadonlySet<string>;
  readonly plans: readonly PlanFolder[];
  readonly statistics: Sizes;
  /** Shares of the source's rows, above 0; each is rehearsed. */
  readonly scales: readonly number[];
  readonly seed: number;
  readonly major: number;
  readonly scratchUrl: string | undefined;
  /** A restored copy to rehearse on instead of made rows: see `requireCopy`. With it there is one scale, 1. */
  readonly copyUrl?: string | undefined;
  readonly runner: GivenRunOptions;
  readonly load: LoadRequest | undefined;
  /** What past runs say of estimates. */
  readonly calibration?: Calibration | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LoadRequest {
  /** Statements a second. */
  readonly perSecond: number;
  readonly sessions: number;
  /** How long it runs before and after the work, in ms. */
  readonly calmMs: number;
}
