import type { CheckReport } from "../check/index.ts";
import type { Diagnosis } from "../doctor/index.ts";
import type { VerifiedDeploy } from "../ledger/index.ts";
import type { FolderStatus } from "../runner/index.ts";
import type { ListedSnapshot } from "../snapshot/index.ts";
import type { Migration } from "../tools/index.ts";
import type { WatchResult } from "../watch/index.ts";

/** One question of a checklist, answered by what was looked at. */
export interface Line {
  /** Stable: `down-files`. */
  readonly id: string;
  readonly stage: "before" | "deploy" | "after";
  readonly question: string;
  readonly answer: "yes" | "no" | "not known";
  /** What the answer rests on. */
  readonly evidence: string;
  /** The next command; undefined when all is well. */
  readonly next?: string | undefined;
}

/** What the answers are taken from. */
export interface Facts {
  readonly status: FolderStatus;
  readonly pending: readonly Migration[];
  /** Migrations are programs, which their own tool applies. */
  readonly arePrograms: boolean;
  /** Pending migrations that have a way back: a down file, or a plan that can be aborted. */
  readonly waysBack: ReadonlySet<string>;
  /** Of the pending migrations; undefined when nothing is pending. */
  readonly check: CheckReport | undefined;
  /** Of point-in-time recovery. */
  readonly recovery: readonly Diagnosis[];
  readonly snapshots: readonly ListedSnapshot[];
  /** What the code that is to be deployed lacks in the database as it is now. */
  readonly code: CodeFit;
  /** Whether lockstep deploy runs the command that puts the code into service. */
  readonly isCodeHeldBack: boolean;
  readonly lastVerified: VerifiedDeploy | undefined;
  /** The newest watch that came to a verdict. */
  readonly watch: { readonly at: Date; readonly result: WatchResult } | undefined;
  readonly lockTimeoutMs: number;
  /** When risky work may begin, as the config says it. */
  readonly windows: readonly string[];
  /** The server's clock. */
  readonly now: Date;
}

/** Whether a release fits a database, or why that is not known. */
export type CodeFit =
  | {
      readonly release: string;
      /** What closes the gate, each in words. */
      readonly lacks: readonly string[];
    }
  | { readonly unknown: string };
