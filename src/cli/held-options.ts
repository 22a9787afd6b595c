import type { Command } from "commander";
import { integer, more } from "./option-values.ts";

/** Of commands that begin risky work. */
export function held(command: Command): Command {
  return command
    .option(
      "--window <when>",
      "begin what is risky only then: 02:00-05:00 [ZONE], quiet, quiet:50; may be given again",
      more,
    )
    .option("--window-wait <ms>", "how long to wait for it, 21600000 by default", integer)
    .option("--without-window <reason>", "do not wait for the config's window; recorded")
    .option("--without-snapshot <reason>", "make none although the config says so; recorded");
}
