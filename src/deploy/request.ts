import type { BackfillRun } from "../backfill/index.ts";
import type { Probe } from "../config/index.ts";
import type { Contract } from "../contract/index.ts";
import type { Emit } from "../events/index.ts";
import type { GateResult } from "../gate/index.ts";
import type { PhaseResult } from "../phases/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import type { GivenRunOptions } from "../runner/index.ts";
import type { Scratch, ScratchOptions } from "../scratch/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import type { DeployLock } from "./deploy-lock.ts";
import type { OtherDatabase } from "./elsewhere.ts";
import type { ProbeResult } from "./probes.ts";
import type { ScratchOnDemand } from "./scratch-on-demand.ts";
import type { SnapshotRequest, TakenSnapshot } from "./snapshot-stage.ts";
import type { WindowRequest } from "./window-stage.ts";

export interface DeployRequest {
  readonly url: string;
  readonly environment: string;
  readonly release: string;
  readonly gitCommit?: string | undefined;
  /** What the new release expects, or how to find out on a scratch server of the target's major. */
  readonly contract: Contract | ((scratch: () => Promise<Scratch>) => Promise<Contract>);
  /** Undefined when something else applies the product's migrations. */
  readonly folder?: MigrationFolder | undefined;
  /** Variables that hold this database's URL, for the command of a folder whose migrations are programs. */
  readonly urlVariables?: readonly string[] | undefined;
  /** Plans of migrations of that folder: those are carried up to their contract phase. None by default. */
  readonly plans?: readonly PlanFolder[] | undefined;
  /** Shell line that puts the release into service; without one the deploy ends with a database that is ready for it. */
  readonly command?: string | undefined;
  /** Shell line that puts the old release back when the command or a probe fails. */
  readonly rollback?: string | undefined;
  readonly probes: readonly Probe[];
  readonly baseUrl?: string | undefined;
  /** For probes that name no limit, 30,000 ms by default. */
  readonly probeTimeoutMs?: number | undefined;
  /** How long after its last heartbeat an instance counts as running, 90,000 ms by default. */
  readonly instanceTtlMs?: number | undefined;
  /** Go on although a running release would break; the reason is recorded. */
  readonly allowBreaking?: string | undefined;
  /** When risky work may begin; at any time by default. */
  readonly window?: WindowRequest | undefined;
  /** Begin at any time all the same; the reason is recorded. */
  readonly withoutWindow?: string | undefined;
  /** How a snapshot is taken before something is applied; none by default. */
  readonly snapshot?: SnapshotRequest | undefined;
  /** Take none all the same; the reason is recorded. */
  readonly withoutSnapshot?: string | undefined;
  /** Where the commands run. */
  readonly cwd: string;
  /** The environment of the commands and probes. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The environment variables that the release will have; left away, those of its contract are not looked at. */
  readonly variables?: Readonly<Record<string, string | undefined>> | undefined;
  /** Other environments, asked for causes when the gate is closed. */
  readonly others?: readonly OtherDatabase[] | undefined;
  readonly scratch: ScratchOptions;
  readonly runner: GivenRunOptions;
  /** How rows of plans are filled. */
  readonly backfill?: Pick<BackfillRun, "workers" | "steering" | "vacuum"> | undefined;
  /** Id of the run, a UUID; a new one by default. */
  readonly run?: string | undefined;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/** What a verified deploy did. */
export interface DeployResult {
  readonly run: string;
  readonly environment: string;
  readonly release: string;
  /** Ids of the migrations that this deploy applied. */
  readonly applied: readonly string[];
  /** Plans that it has carried, and where they stand: their contract phase comes later. */
  readonly carried: readonly PhaseResult[];
  readonly gate: GateResult;
  /** Whether there was a deploy command. */
  readonly inService: boolean;
  /** The snapshot that was taken before something was applied. */
  readonly snapshot?: TakenSnapshot | undefined;
  readonly probes: readonly ProbeResult[];
  readonly warnings: readonly string[];
}

/** What the stages of one deploy know, each from those before it. */
export interface DeployState {
  readonly run: string;
  readonly lock: DeployLock;
  readonly scratch: ScratchOnDemand;
  readonly contract: Contract;
  /** Contracts of the releases that run. */
  readonly running: readonly Contract[];
  /** Releases that run and whose contract is not known here. */
  readonly unknown: readonly string[];
  readonly warn: (message: string) => void;
  /** Plans that this deploy has carried, and where they stand. */
  carried?: readonly PhaseResult[];
  /** The snapshot that was taken before something is applied. */
  snapshot?: TakenSnapshot;
  /** What the gate said, once it was asked. */
  gate?: GateResult;
}
