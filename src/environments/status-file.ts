import { readFileSync } from "node:fs";
import { LockstepError } from "../errors/index.ts";
import type { MigrationState, Reached, ReleaseState } from "./state.ts";

/**
 * Reads what `lockstep status --json` printed for an environment that cannot be reached from here.
 *
 * @param path absolute
 * @param shown the path for messages
 * @throws LockstepError `status-file-invalid`
 */
export function readStatusFile(path: string, shown: string): Reached {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw invalid(shown, (error as Error).message, error);
  }
  const status = record(value, shown, "the file");
  if (status["version"] !== 1) throw invalid(shown, `version ${String(status["version"])}`);
  const folder = record(status["folder"], shown, "folder");
  const drift = status["drift"];
  const last = status["lastVerified"];
  return {
    takenAt: moment(status["takenAt"], shown, "takenAt"),
    migrations: list(folder["migrations"], shown, "folder.migrations").map((each) =>
      migration(each, shown),
    ),
    drift: Array.isArray(drift) ? drift.length : undefined,
    lastVerified: last === undefined ? undefined : verified(last, shown),
    running: list(status["running"], shown, "running").map((each) => release(each, shown)),
  };
}

type Values = Readonly<Record<string, unknown>>;

const states: readonly unknown[] = [
  "applied",
  "edited",
  "unknown",
  "failed",
  "partly-applied",
  "pending",
] satisfies readonly MigrationState["state"][];

function migration(value: unknown, shown: string): MigrationState {
  const one = record(value, shown, "a migration");
  const { id, state, appliedAt } = one;
  if (typeof id !== "string") throw invalid(shown, "a migration without an id");
  // A later version may know more: what is not understood is not passed over.
  if (!states.includes(state)) throw invalid(shown, `state "${String(state)}" of ${id}`);
  return {
    id,
    state: state as MigrationState["state"],
    appliedAt: appliedAt === undefined ? undefined : moment(appliedAt, shown, "appliedAt"),
  };
}

function verified(value: unknown, shown: string) {
  const { release: name, verifiedAt } = record(value, shown, "lastVerified");
  if (typeof name !== "string") throw invalid(shown, "lastVerified without a release");
  return { release: name, verifiedAt: moment(verifiedAt, shown, "lastVerified.verifiedAt") };
}

function release(value: unknown, shown: string): ReleaseState {
  const { release: name, instances, contractHash } = record(value, shown, "a running release");
  if (typeof name !== "string" || typeof instances !== "number" || typeof contractHash !== "string")
    throw invalid(shown, "a running release without its name, instances or contractHash");
  return { release: name, instances, contractHash };
}

function record(value: unknown, shown: string, what: string): Values {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Values;
  throw invalid(shown, `${what} is no object`);
}

function list(value: unknown, shown: string, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(shown, `${what} is no list`);
}

function moment(value: unknown, shown: string, what: string): Date {
  const date = new Date(typeof value === "string" ? value : Number.NaN);
  if (Number.isNaN(date.getTime())) throw invalid(shown, `${what} is no moment`);
  return date;
}

function invalid(shown: string, found: string, cause?: unknown): LockstepError {
  return new LockstepError(
    "status-file-invalid",
    {
      what: `${shown} is not what lockstep status wrote`,
      expected: "the output of lockstep status --env NAME --json of this version or a later one",
      found,
      from: "statusFile of the environment in the config",
      why: "the file was written by something else, by an earlier version, or not to its end",
      next: ["lockstep status --env NAME --json > FILE, where the database can be reached"],
    },
    { cause },
  );
}
