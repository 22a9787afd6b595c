import {
  findDrift,
  prepareLedger,
  readVariables,
  runGateWithCauses,
  ScratchOnDemand,
  type Drift,
  type DriftUnknown,
} from "../../deploy/index.ts";
import { LockstepError } from "../../errors/index.ts";
import type { GateResult } from "../../gate/index.ts";
import { storeContract } from "../../ledger/index.ts";
import { readPlans } from "../../plan/index.ts";
import { renderDrift, renderGate } from "../../report/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { openReader } from "../reader.ts";
import { lookAtFolderIfNamed } from "../looked-at.ts";
import { chosenRelease, type ContractOptions } from "../release-contract.ts";
import { readFolderIfNamed, readSettings, scratchOptions } from "../settings.ts";

export interface GateCommandOptions extends ContractOptions {
  readonly drift?: boolean;
  readonly record?: boolean;
}

/** `lockstep gate`: may this release run against this database, now? Exit code 1 when not. */
export async function gateCommand(options: GateCommandOptions, context: Context): Promise<number> {
  const { loaded, environment, others } = await readSettings(options, context);
  const release = chosenRelease(options, loaded, context);
  const named = await lookAtFolderIfNamed(options, loaded, context);
  if (options.drift === true && named?.isKept === false)
    await readFolderIfNamed(options, loaded, context);
  const folder = named?.isKept === true ? named.folder : undefined;
  if (options.drift === true && folder === undefined) throw noFolder();
  const source = environment.deploy.env ?? "process";
  const variables = await readVariables(source, { cwd: loaded.folder, env: context.env });
  await using database = await openReader(environment.url, "gate");
  await using scratch = new ScratchOnDemand(scratchOptions(options, loaded, context));
  const ownScratch = async () => scratch.get(database.major);
  const contract = await release.contract(ownScratch);
  if (options.record === true) await prepareLedger(database);
  const gate: GateResult = await runGateWithCauses(
    {
      contract,
      database,
      environment: environment.name,
      env: variables,
      folder,
      record: options.record,
    },
    others,
  );
  if (gate.open && options.record === true) await storeContract(database, contract);
  const drift: readonly Drift[] | DriftUnknown | undefined =
    options.drift === true
      ? await findDrift(database, folder!, ownScratch, { plans: await readPlans(context.cwd) })
      : undefined;
  const output = commandOutput(options, context);
  output.result(drift === undefined ? gate : { ...gate, drift }, () =>
    [
      ...(drift === undefined ? [] : [renderDrift(drift, output.style)]),
      renderGate(gate, output.style),
    ].join("\n\n"),
  );
  return gate.open ? 0 : 1;
}

function noFolder(): LockstepError {
  return new LockstepError("usage", {
    what: "drift is the difference from the applied migrations, and no folder of them was named",
    expected: "migrations.folder in lockstep.config.ts, or --folder",
    next: ["lockstep gate --drift --folder ./migrations"],
  });
}
