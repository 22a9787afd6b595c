import {
  migrationStates,
  runGate,
  type Difference,
  type GateOptions,
  type GateResult,
  type OtherEnvironment,
} from "../gate/index.ts";
import { Session } from "../pg/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { limitWaits } from "./limits.ts";

/** Another environment of the config. */
export interface OtherDatabase {
  readonly environment: string;
  readonly url: string;
}

/** Longest wait for another environment: it only helps to explain. */
const patienceMs = 3_000;

/**
 * The gate; when it is closed, other environments' ledgers are asked for causes: "in staging for 21 days, never here" (D4).
 * @throws LockstepError what `runGate` throws
 */
export async function runGateWithCauses(
  options: GateOptions,
  others: readonly OtherDatabase[],
): Promise<GateResult> {
  const result = await runGate(options);
  if (result.open) return result;
  const elsewhere = options.folder === undefined ? [] : await readElsewhere(options.folder, others);
  const explained = elsewhere.length === 0 ? result : await runGate({ ...options, elsewhere });
  return { ...explained, differences: explained.differences.map(withPlaceToLook) };
}

/** A variable may be missing here only because the release gets its variables elsewhere. */
function withPlaceToLook(difference: Difference): Difference {
  if (difference.kind !== "missing-variable") return difference;
  const next = `set ${difference.object} where the release runs; or say in the config where its variables are looked up: deploy.env`;
  return { ...difference, next };
}

/** What the other environments' ledgers say. One that cannot be reached is left out. */
async function readElsewhere(
  folder: MigrationFolder,
  others: readonly OtherDatabase[],
): Promise<readonly OtherEnvironment[]> {
  const read = others.map(async ({ environment, url }): Promise<OtherEnvironment> => {
    await using session = await Session.open({
      url,
      applicationName: "lockstep/gate",
      connectTimeoutMs: patienceMs,
    });
    await limitWaits(session, { lock: `${patienceMs}ms`, statement: `${patienceMs}ms` });
    const states = await migrationStates(folder, session);
    const applied = [...states.values()].filter((one) => one.applied);
    return { environment, applied: new Map(applied.map((one) => [one.id, one.appliedAt])) };
  });
  const settled = await Promise.allSettled(read);
  return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}
