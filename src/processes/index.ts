export { lastWords } from "./last-words.ts";
export { postgresScheme, underScheme, variablesFor } from "./database-variables.ts";
export { installed } from "./installed.ts";
export { rehearsalVariable } from "./rehearsal.ts";
export {
  runCommand,
  shownCommand,
  type CommandOptions,
  type CommandResult,
} from "./run-command.ts";
