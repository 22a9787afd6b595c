import { Option, type Command } from "commander";
import type { Context } from "./context.ts";
import { folder, scratch, target } from "./option-groups.ts";
import { integer, positive } from "./option-values.ts";
import type { SetExitCode } from "./program.ts";

/** Commands for when it goes wrong, and for before it might. */
export function addRecoverCommands(
  program: Command,
  context: Context,
  setExitCode: SetExitCode,
): void {
  folder(target(program.command("cancel")))
    .description("stop a run from another terminal, where it can be resumed")
    .argument("[run]", "first characters of its id, as lockstep status shows it; the only one")
    .option("--reason <text>", "why; told where the run ends")
    .option("--wait <ms>", "how long to wait for its end, 60000 by default", integer)
    .option("--force", "end its sessions on the server, once they were shown and confirmed")
    .option("--yes", "end what is shown without asking; for scripts")
    .action(async (run: string | undefined, options) => {
      const { cancelCommand } = await import("./commands/cancel.ts");
      setExitCode(await cancelCommand(run, options, context));
    });
  target(program.command("watch"))
    .description(
      "after a deploy: probes, endpoints, locks, lag, new and slower statements; a verdict",
    )
    .option("--for <ms>", "how long, 600000 by default", integer)
    .option("--every <ms>", "the time between two rounds, 15000 by default", integer)
    .option("--rollback", "run deploy.rollback of the config when it fails")
    .action(async (options) => {
      const { watchCommand } = await import("./commands/watch.ts");
      setExitCode(await watchCommand(options, context));
    });
  scratch(folder(target(program.command("checklist"))))
    .description("what people tick before and after a deploy, answered: yes, no or not known")
    .addOption(
      new Option("--stage <stage>", "only these lines").choices(["before", "deploy", "after"]),
    )
    .action(async (options) => {
      const { checklistCommand } = await import("./commands/checklist.ts");
      setExitCode(await checklistCommand(options, context));
    });
  addSnapshotCommands(program, context, setExitCode);
}

function addSnapshotCommands(program: Command, context: Context, setExitCode: SetExitCode): void {
  const snapshot = program.command("snapshot").description("a way back before risky work");
  target(snapshot.command("create"))
    .description("a dump, a restore point, or the provider's own snapshot")
    .addOption(
      new Option("--by <way>", "how it is made, a dump by default").choices([
        "dump",
        "restore-point",
        "aws-rds",
        "aws-aurora",
        "cloud-sql",
        "neon",
        "supabase",
        "command",
      ]),
    )
    .option("--name <name>", "what it is called; made of the time by default")
    .option("--to <dir>", "folder in which dumps are put, lockstep-snapshots by default")
    .option("--jobs <n>", "connections of pg_dump and pg_restore at once, 4 by default", positive)
    .option("--instance <name>", "the provider's name of the server")
    .option("--project <name>", "the provider's name of the project")
    .option("--branch <name>", "Neon: the branch that is copied")
    .action(async (options) => {
      const { createSnapshotCommand } = await import("./commands/snapshot.ts");
      setExitCode(await createSnapshotCommand(options, context));
    });
  target(snapshot.command("list"))
    .description("snapshots of this database, and what was written since each")
    .action(async (options) => {
      const { listSnapshotsCommand } = await import("./commands/snapshot.ts");
      setExitCode(await listSnapshotsCommand(options, context));
    });
  scratch(target(snapshot.command("verify")))
    .description("restore a dump onto scratch, and compare catalog and rows")
    .argument("[name]", "its name or its folder; the newest dump by default")
    .option("--jobs <n>", "connections of pg_dump and pg_restore at once, 4 by default", positive)
    .action(async (name: string | undefined, options) => {
      const { verifySnapshotCommand } = await import("./commands/snapshot.ts");
      setExitCode(await verifySnapshotCommand(name, options, context));
    });
}
