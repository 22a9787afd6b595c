import type { Command } from "commander";
import type { Context } from "./context.ts";
import { target } from "./option-groups.ts";
import { positive } from "./option-values.ts";
import type { SetExitCode } from "./program.ts";

/** The commands of `lockstep backfill`. */
export function addBackfillCommands(
  program: Command,
  context: Context,
  setExitCode: SetExitCode,
): void {
  const backfill = program
    .command("backfill")
    .description("rows that a plan fills: how far it is, and running it");
  target(backfill.command("status", { isDefault: true }))
    .description("how far each backfill is, at what pace and why, and rows that cannot be filled")
    .argument("[id]", "one of them; all when left away")
    .action(async (id: string | undefined, options) => {
      const { backfillStatusCommand } = await import("./commands/backfill.ts");
      setExitCode(await backfillStatusCommand(id, options, context));
    });
  target(backfill.command("run"))
    .description("go on with a backfill; on several machines at once, if you like")
    .argument("[id]", "one of them; all that are not done when left away")
    .option(
      "--workers <n>",
      "workers at the most, 1 by default; more work only while there is slack",
      positive,
    )
    .option("--retry-rejected", "first try rows again that could not be filled")
    .option(
      "--limit <name=slow:stop>",
      "another limit, as docs/backfill.md names them; may be given again",
      more,
    )
    .option("--ignore <signal>", "do not look at it; may be given again", more)
    .option("--ignore-replica <name>", "a standby that lags on purpose; may be given again", more)
    .option("--cpus <n>", "processors of the database server, 4 by default", positive)
    .option("--no-vacuum", "leave vacuuming to autovacuum")
    .action(async (id: string | undefined, options) => {
      const { backfillRunCommand } = await import("./commands/backfill.ts");
      setExitCode(await backfillRunCommand(id, options, context));
    });
  for (const [word, description] of [
    ["pause", "let all its workers end after their batch, wherever they run"],
    ["resume", "let a paused backfill be run again"],
  ] as const)
    target(backfill.command(word))
      .description(description)
      .argument("[id]", "one of them; may be left away when only one is not done")
      .action(async (id: string | undefined, options) => {
        const { backfillPauseCommand } = await import("./commands/backfill.ts");
        setExitCode(await backfillPauseCommand(word === "pause", id, options, context));
      });
}

/** Gathers an option that may be given several times. */
function more(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
