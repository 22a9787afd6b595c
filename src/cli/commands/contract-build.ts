import { relative, resolve } from "node:path";
import { loadConfig } from "../../config/index.ts";
import { writeContract, type Contract } from "../../contract/index.ts";
import { ScratchOnDemand } from "../../deploy/index.ts";
import { count } from "../../report/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { chosenRelease, type ContractOptions } from "../release-contract.ts";
import { scratchOptions } from "../settings.ts";

/** `lockstep contract build`: writes what the release expects. */
export async function contractBuildCommand(
  options: Omit<ContractOptions, "contract"> & { readonly output?: string },
  context: Context,
): Promise<number> {
  const loaded = await loadConfig({ cwd: context.cwd, path: options.config });
  await using scratch = new ScratchOnDemand(scratchOptions(options, loaded, context));
  const chosen = chosenRelease(options, loaded, context);
  const contract = await chosen.contract(async () => scratch.get());
  const file =
    options.output === undefined
      ? resolve(loaded.folder, loaded.config.contract?.output ?? "lockstep.contract.json")
      : resolve(context.cwd, options.output);
  writeContract(file, contract);
  const shown = relative(context.cwd, file) || file;
  const { release, hash } = contract;
  commandOutput(options, context).result(
    { version: 1, file: shown, release, hash },
    () => `${shown}: release ${release} expects ${summary(contract)} (${hash.slice(0, 12)})`,
  );
  return 0;
}

function summary({ tables, enums, views, env, checks }: Contract): string {
  const columns = tables.reduce((sum, table) => sum + table.columns.length, 0);
  return [
    `${count(tables.length, "table")} with ${count(columns, "column")}`,
    ...(enums.length > 0 ? [count(enums.length, "enum")] : []),
    ...(views.length > 0 ? [count(views.length, "view")] : []),
    ...(env.length > 0 ? [count(env.length, "environment variable")] : []),
    ...(checks.length > 0 ? [count(checks.length, "check")] : []),
  ].join(", ");
}
