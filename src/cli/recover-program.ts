import { InvalidArgumentError, type Command } from "commander";
import type { Context } from "./context.ts";
import type { SetExitCode } from "./program.ts";

/** How the program gives several commands the same options. */
interface Shared {
  readonly target: (command: Command) => Command;
  readonly folder: (command: Command) => Command;
  readonly scratch: (command: Command) => Command;
}

/** Commands for when it goes wrong, and for before it might. */
export function addRecoverCommands(
  program: Command,
  { target, folder }: Shared,
  context: Context,
  setExitCode: SetExitCode,
): void {
  folder(target(program.command("cancel")))
    .description("stop a run from another terminal, where it can be resumed")
    .argument("[run]", "first characters of its id, as lockstep status shows it; the only one")
    .option("--reason <text>", "why; told where the run ends")
    .option("--wait <ms>", "how long to wait for its end, 60000 by default", wholeNumber)
    .option("--force", "end its sessions on the server, once they were shown and confirmed")
    .option("--yes", "end what is shown without asking; for scripts")
    .action(async (run: string | undefined, options) => {
      const { cancelCommand } = await import("./commands/cancel.ts");
      setExitCode(await cancelCommand(run, options, context));
    });
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError("a whole number is needed");
  return value;
}
