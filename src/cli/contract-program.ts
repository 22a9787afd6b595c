import type { Command } from "commander";
import type { Context } from "./context.ts";
import { common, folder, scratch } from "./option-groups.ts";
import type { SetExitCode } from "./program.ts";

/** `contract build` and `contract record`. */
export function addContractCommands(
  program: Command,
  context: Context,
  setExitCode: SetExitCode,
): void {
  const contract = program
    .command("contract")
    .description("what a release expects of its database");
  scratch(common(contract.command("build")))
    .description("write the contract that ships with a release")
    .option("--release <name>", "name of the release; the git commit by default")
    .option("-o, --output <file>", "where to write it")
    .action(async (options) => {
      const { contractBuildCommand } = await import("./commands/contract-build.ts");
      setExitCode(await contractBuildCommand(options, context));
    });

  scratch(folder(common(contract.command("record"))))
    .description("write down the statements that the code's own tests send")
    .argument("[command...]", "after --: what runs the tests")
    .option("-o, --output <file>", "where to write them, lockstep.queries.sql by default")
    .option(
      "--tests-url <url>",
      "database that the tests work with; scratch with the migrations by default",
    )
    .action(async (command, options) => {
      const { contractRecordCommand } = await import("./commands/contract-record.ts");
      setExitCode(await contractRecordCommand(command, options, context));
    });
}
