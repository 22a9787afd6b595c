import type { Proof, ProofName } from "./proof.ts";
import { proveAborts } from "./aborts.ts";
import { proveEnd } from "./end.ts";
import type { ProofRequest } from "./request.ts";
import { Stage } from "./stage.ts";
import { startTally } from "./tally.ts";

/**
 * Tries a plan on scratch, with rows: its end against the migration as written, both releases at every point, its
 * locks, the way back from every point, and every step twice. What cannot be shown to hold does not hold.
 *
 * @throws LockstepError of a connection; the signal's reason
 */
export async function provePlan(request: ProofRequest): Promise<Proof> {
  await using stage = new Stage(request.scratch, request.searchPath, request.signal);
  const tally = startTally();
  const { name: start, server } = await prepareStart(stage, request.template);
  await proveEnd(stage, request, start, tally);
  await proveAborts(stage, request, start, tally);
  const { failures, remarks, counted, maxLock } = tally;
  const holds = (name: ProofName) => failures.every(({ proof }) => proof !== name);
  return {
    server,
    catalogEqual: holds("catalog"),
    dataEqual: holds("data"),
    oldContractHolds: holds("old-release"),
    newContractHolds: holds("new-release"),
    online: holds("locks"),
    maxLock,
    reversible: holds("abort"),
    repeatable: holds("repeat"),
    failures,
    remarks: [...remarks],
    counted,
  };
}

/** The database that all others are copied from: with the schema that Lockstep itself installs. */
async function prepareStart(stage: Stage, template: string) {
  const database = await stage.copy(template);
  await using session = await stage.open(database);
  await session.query("CREATE SCHEMA IF NOT EXISTS lockstep");
  const [[version]] = (await session.queryArrays("SHOW server_version")) as [[string]];
  return { name: database.name, server: version.split(" ", 1)[0]! };
}
