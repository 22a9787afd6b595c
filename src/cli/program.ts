import { Command, Option } from "commander";
import { version } from "../errors/index.ts";
import { checkFormats, rehearsalFormats } from "../report/index.ts";
import { addBackfillCommands } from "./backfill-program.ts";
import {
  common,
  config,
  consent,
  database,
  folder,
  formatted,
  running,
  scratch,
  target,
} from "./option-groups.ts";
import { integer, more, positive, scales, time } from "./option-values.ts";
import { addContractCommands } from "./contract-program.ts";
import { addRecoverCommands } from "./recover-program.ts";
import type { Context } from "./context.ts";
import { held } from "./held-options.ts";

const transactionModes = ["statement", "file", "query", "deploy", "units"];

export type SetExitCode = (code: number) => void;

/**
 * The commands and their options. Each action loads its code when it runs, so that a command that has nothing to
 * do starts in the time of a bare Node process and little more.
 */
export function buildProgram(context: Context, setExitCode: SetExitCode): Command {
  const program = new Command("lockstep")
    .description("Ships code and schema in step.")
    .version(version(), "-v, --version")
    .addHelpText(
      "after",
      "\nExit codes: 0 fine, 1 findings or gate closed, 2 could not do it,\n3 stopped half-way and resumable",
    );

  formatted(program.command("init"))
    .description("find out what a project has, write a config, propose a pipeline")
    .option("--dry-run", "show what would be written, and write nothing")
    .option("--pipeline <name>", "propose the pipeline of this platform; found by looking")
    .action(async (options) => {
      const { initCommand } = await import("./commands/init.ts");
      setExitCode(await initCommand(options, context));
    });

  held(running(scratch(folder(target(program.command("deploy"))))))
    .description(
      "preflight, migrate, gate, your deploy command, probes, record; with a way back at each point",
    )
    .option("--contract <file>", "the release's contract; built from the config when left away")
    .option(
      "--release <name>",
      "name of the release; the contract's, or the git commit, by default",
    )
    .option("--allow-breaking <reason>", "go on although a running release would break; recorded")
    .action(async (options) => {
      const { deployCommand } = await import("./commands/deploy.ts");
      setExitCode(await deployCommand(options, context));
    });

  held(consent(running(folder(target(program.command("migrate"))))))
    .description(
      "apply pending migrations, plans up to their contract phase: timeouts, retries, resumable",
    )
    .argument("[plan]", "with --phase contract: the plan; every one that is ready by default")
    .argument("[command...]", "after --: the migration tool's own command, to be run guarded")
    .addOption(new Option("--phase <phase>", "how far plans go").choices(["expand", "contract"]))
    .option(
      "--quiet-for <ms>",
      "for how long no statement may name what the contract phase takes away, 60000 by default",
      integer,
    )
    .option(
      "--workers <n>",
      "workers at the most, 1 by default; more work only while there is slack",
      positive,
    )
    .option(
      "--snapshot",
      "make a snapshot first, when something is pending; none is begun without it",
    )
    .option(
      "--accept-parked <name: reason>",
      "let values that are parked go at a person's word; recorded",
    )
    .action(async (plan: string | undefined, _: string[], options, command: Command) => {
      const own = afterDashes(command);
      const isPlan = own === undefined || command.args.length > own.length;
      const { migrateCommand } = await import("./commands/migrate.ts");
      setExitCode(await migrateCommand(isPlan ? plan : undefined, own, options, context));
    });

  consent(running(scratch(folder(target(program.command("rollback"))))))
    .description(
      "take the last migration back, or a plan whose contract phase has not begun; tried on scratch first",
    )
    .argument("[name]", "the plan, or the migration; the last applied one by default")
    .argument("[command...]", "after --: the migration tool's own way back, to be run guarded")
    .option("--lose <name>", "what may be lost, as a refusal names it; may be given again", more)
    .option("--dry-run", "try it on scratch and say what it would do and lose; change nothing")
    .action(async (name: string | undefined, _: string[], options, command: Command) => {
      const own = afterDashes(command);
      const isName = own === undefined || command.args.length > own.length;
      const { rollbackCommand } = await import("./commands/rollback.ts");
      setExitCode(await rollbackCommand(isName ? name : undefined, own, options, context));
    });

  scratch(folder(database(config(program.command("check")))))
    .description("what migrations would do to a running system, and what to do instead")
    .argument("[files...]", "files of SQL; what is new or pending when left away")
    .option("--base <file>", "SQL that makes schema and rows before files that belong to no folder")
    .addOption(
      new Option(
        "--pg <major>",
        "Postgres version of the target; looked for, else 18, by default",
      ).choices(["14", "15", "16", "17", "18"]),
    )
    .option("--static", "predict only: no server is started")
    .addOption(
      new Option("--transaction <mode>", "how the files reach the server").choices(
        transactionModes,
      ),
    )
    .option(
      "--replay-timeout <ms>",
      "how long what comes before the checked files may take on scratch, 600000 by default",
      integer,
    )
    .option("--since <ref>", "report only what is new or changed since this commit")
    .option("--all", "check every migration of the folder")
    .option("--fix", "make the changes that are one-to-one, and say which")
    .option("--sizes <file-or-url>", "how big the target's tables are: see stats export")
    .option("--baseline <file>", "findings that were accepted: lockstep.baseline.json by default")
    .option("--write-baseline <reason>", "accept what is found now, for this reason")
    .option("--no-pipeline", "do not read the repository's pipeline")
    .option("--no-cache", "check again what was already answered")
    .addOption(
      new Option("--format <format>", "how to print").choices(checkFormats).default("text"),
    )
    .option("--json", "short for --format json")
    .option("--report <format=file>", "write it in another format too; may be given again", more)
    .action(async (files: string[], options) => {
      const { checkCommand } = await import("./commands/check.ts");
      setExitCode(await checkCommand(files, options, context));
    });

  scratch(folder(common(program.command("plan"))))
    .description("a migration in phases that need no downtime, proven on scratch")
    .argument("[migration]", "file of the migration")
    .option("--base <file>", "SQL that makes what is there before, for a file of no folder")
    .addOption(
      new Option("--pg <major>", "Postgres version of the target, 18 by default").choices([
        "14",
        "15",
        "16",
        "17",
        "18",
      ]),
    )
    .option("--id <name>", "name of the plan; made of the migration's by default")
    .option("--dry-run", "prove it and show it, but write nothing")
    .option("--prove <folder>", "prove a plan again that was edited")
    .action(async (migration: string | undefined, options) => {
      const { planCommand } = await import("./commands/plan.ts");
      setExitCode(await planCommand(migration, options, context));
    });

  formatted(program.command("explain"))
    .description("what a rule of check finds, why, and what to do instead")
    .argument("<rule>", "the rule, as a finding names it")
    .action(async (rule: string, options) => {
      const { explainCommand } = await import("./commands/explain.ts");
      setExitCode(await explainCommand(rule, options, context));
    });

  scratch(folder(target(program.command("status"))))
    .description("what is applied, pending, failed, edited or unknown; drift; last verified deploy")
    .option("--no-drift", "do not compare the catalog with the migrations (no scratch server)")
    .option("--all", "every environment of the config side by side, and what is wrong between them")
    .option(
      "--lag-days <n>",
      "with --all: so long a migration may be in one environment and not in another, 7 by default",
      integer,
    )
    .action(async (options) => {
      const { statusCommand } = await import("./commands/status.ts");
      setExitCode(await statusCommand(options, context));
    });

  scratch(folder(target(program.command("gate"))))
    .description("compare what a release expects with the live database: open or closed")
    .option("--contract <file>", "the release's contract; built from the config when left away")
    .option(
      "--release <name>",
      "name of the release; the contract's, or the git commit, by default",
    )
    .option("--drift", "also name objects that were changed by hand")
    .option("--record", "when it is open, store the contract: its release is known from then on")
    .action(async (options) => {
      const { gateCommand } = await import("./commands/gate.ts");
      setExitCode(await gateCommand(options, context));
    });

  const stats = program.command("stats").description("what a database is like, without its data");
  folder(target(stats.command("export")))
    .description(
      "write how big the tables are and how their rows are made, for check and rehearse; no data",
    )
    .option("-o, --out <file>", "where to write it; printed when left away")
    .option(
      "--statements",
      "with the statements that applications send, by pg_stat_statements, without values",
    )
    .action(async (options) => {
      const { statsExportCommand } = await import("./commands/stats-export.ts");
      setExitCode(await statsExportCommand(options, context));
    });

  scratch(folder(database(config(program.command("rehearse")))))
    .description("run pending work on a clone made from statistics: locks, waits, time, estimate")
    .argument("[command...]", "after --: the pipeline's own command that applies it, to be run too")
    .option(
      "--stats <file>",
      "what lockstep stats export wrote; read from the database when left away",
    )
    .addOption(
      new Option(
        "--on <url>",
        "a restored copy, instead of made rows; it must say of itself that it is one",
      ).conflicts(["stats", "scale", "seed", "env", "url"]),
    )
    .addOption(
      new Option(
        "--sanitise",
        "with the database's own rows, all of them, each column masked unless the config's rules keep it",
      ).conflicts(["stats", "scale", "seed", "on"]),
    )
    .option(
      "--scale <shares>",
      "shares of the rows, like 1%,5%; by default what takes 256 MB and a quarter of it",
      scales,
    )
    .option("--seed <n>", "the same seed makes the same rows, 1 by default", integer)
    .option("--load <n>", "statements of a load a second, 100 by default", positive)
    .option("--no-load", "without a load")
    .option(
      "--load-from <source>",
      "schema, statements (what applications send), or a file of stats export --statements; statements by default where --stats holds them",
    )
    .addOption(
      new Option("--format <format>", "how to print").choices(rehearsalFormats).default("text"),
    )
    .option("--json", "short for --format json")
    .option("-o, --out <file>", "write a report too: .html, .md or .json")
    .option(
      "--past <files...>",
      "earlier reports (.json), of which the work has run since: it moves the ranges",
    )
    .option("--against <files...>", "show such reports beside what the work took, and no more")
    .option(
      "--step-timeout <ms>",
      "longest run of the command behind --, 600000 by default",
      positive,
    )
    .action(async (_: string[], options, command: Command) => {
      const own = afterDashes(command);
      requireDashes(command, own);
      const { rehearseCommand } = await import("./commands/rehearse.ts");
      setExitCode(await rehearseCommand(own, options, context));
    });

  addContractCommands(program, context, setExitCode);

  scratch(folder(target(program.command("resolve"))))
    .description("settle a failed migration, if the catalog agrees")
    .argument("<migration>", "id of the migration")
    .addOption(
      new Option("--as <outcome>", "what it is to count as")
        .choices(["applied", "rolled-back"])
        .makeOptionMandatory(),
    )
    .option("--force <reason>", "settle it although the catalog disagrees; the reason is recorded")
    .option("--wait-for-runner <ms>", "longest wait for another runner or deploy", integer)
    .action(async (migration: string, options) => {
      const { resolveCommand } = await import("./commands/resolve.ts");
      setExitCode(await resolveCommand(migration, options, context));
    });

  scratch(folder(target(program.command("baseline"))))
    .description("which migrations a database has whatever its ledger says, and what differs")
    .option("--apply", "mark them as applied, in the tool's ledger and Lockstep's; runs nothing")
    .option(
      "--assume <migration>",
      "count this one as applied on your word; may be given again",
      more,
    )
    .option("--write-reconcile <file>", "write SQL for what remains different, for review")
    .option(
      "--write-migration",
      "write it as the next migration of the folder, as its tool has them, for review",
    )
    .option("--wait-for-runner <ms>", "longest wait for another runner or deploy", integer)
    .action(async (options) => {
      const { baselineCommand } = await import("./commands/baseline.ts");
      setExitCode(await baselineCommand(options, context));
    });

  target(program.command("doctor"))
    .description("what would hurt a change to this database, or its way back")
    .option("--strict", "exit with 1 for a warning, and for what is not known, too")
    .action(async (options) => {
      const { doctorCommand } = await import("./commands/doctor.ts");
      setExitCode(await doctorCommand(options, context));
    });

  const blockers = program
    .command("blockers")
    .description("who blocks whom, and ending one by name");
  target(blockers.command("list", { isDefault: true }))
    .description("sessions that others wait for, and long transactions")
    .action(async (options) => {
      const { listBlockersCommand } = await import("./commands/blockers.ts");
      setExitCode(await listBlockersCommand(options, context));
    });
  target(blockers.command("end"))
    .description("terminate one session, after its query was read and confirmed")
    .argument("<pid>", "process id as listed", integer)
    .option("--query <text>", "the query as listed: proof that it is still the same one")
    .option("--since <time>", "the time as listed: proof that its transaction is", time)
    .option("--yes", "end what is shown without asking; for scripts")
    .action(async (pid: number, options) => {
      const { endBlockerCommand } = await import("./commands/blockers.ts");
      setExitCode(await endBlockerCommand(pid, options, context));
    });

  addBackfillCommands(program, context, setExitCode);
  addRecoverCommands(program, context, setExitCode);

  program
    .command("demo")
    .description("seven real outages and the same deploys with Lockstep, on an embedded Postgres")
    .option("--fast", "shorter pauses between the acts")
    .action(async (options) => {
      const { demoCommand } = await import("./commands/demo.ts");
      setExitCode(await demoCommand(options, context));
    });

  // Usage errors are told like any other failure, by whoever catches them.
  for (const command of [program, ...program.commands.flatMap((each) => [each, ...each.commands])])
    command.exitOverride().configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      outputError: () => {},
    });
  return program;
}

/** @throws CommanderError for words before the dashes, or without them */
function requireDashes(command: Command, own: readonly string[] | undefined): void {
  const [word] = command.args;
  if (command.args.length > (own?.length ?? 0))
    command.error(`error: unexpected "${word}": a command stands behind --`);
}

/** What stands behind `--` on the command line; undefined without it. */
function afterDashes(command: Command): readonly string[] | undefined {
  const words = (command.parent as unknown as { rawArgs: readonly string[] }).rawArgs;
  const at = words.indexOf("--");
  return at === -1 ? undefined : words.slice(at + 1);
}
