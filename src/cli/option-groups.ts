import { Option, type Command } from "commander";
import { integer } from "./option-values.ts";

/** Of commands that read the config. */
export function config(command: Command): Command {
  return command.option(
    "-c, --config <file>",
    "config file, lockstep.config.{ts,js,mjs,json} by default",
  );
}

/** Options of commands that work with a config. */
export function common(command: Command): Command {
  return formatted(config(command));
}

/** How every command prints. */
export function formatted(command: Command): Command {
  return command
    .addOption(
      new Option("--format <format>", "how to print")
        .choices(["text", "json", "ndjson"])
        .default("text"),
    )
    .option("--json", "short for --format json");
}

/** Options of commands that work on one database. */
export function target(command: Command): Command {
  return database(common(command));
}

/** Which database. */
export function database(command: Command): Command {
  return command
    .option("-e, --env <name>", "environment of the config (also LOCKSTEP_ENV)")
    .option(
      "--url <url>",
      "database URL, instead of the environment's (also LOCKSTEP_DATABASE_URL)",
    );
}

/** Of commands that look at migrations. */
export function folder(command: Command): Command {
  return command.option("--folder <dir>", "migrations folder, instead of the config's");
}

/** Of commands that try something out. */
export function scratch(command: Command): Command {
  return command.option(
    "--scratch-url <url>",
    "a server to use as scratch instead of the embedded one",
  );
}

/** Options of commands that apply migrations; `runner` of the config has them too. */
export function running(command: Command): Command {
  return command
    .option("--lock-timeout <ms>", "longest wait for a lock in one attempt", integer)
    .option("--retry-for <ms>", "how long a lock is tried for, pauses included", integer)
    .option("--wait-for-runner <ms>", "longest wait for another runner or deploy", integer)
    .option("--allow-out-of-order", "apply migrations older than the newest applied one")
    .option("--allow-missing", "go on although an applied migration is not in the folder");
}

/** Of commands that need a release to be gone. */
export function consent(command: Command): Command {
  return command.option(
    "--consent <name: reason>",
    "go on at a person's word that the release is gone; recorded",
  );
}
