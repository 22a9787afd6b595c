import { relative, resolve } from "node:path";
import { LockstepError } from "../errors/index.ts";
import type { DrizzleAnswer, DrizzleReply, DrizzleRequest } from "./drizzle-child.ts";
import { askProgram } from "./source-process.ts";

export interface DrizzleOptions {
  /** Schema modules, absolute or relative to `root`. */
  readonly files: readonly string[];
  /** The project's folder: its own drizzle-orm and drizzle-kit are used. */
  readonly root: string;
  /** `casing` of drizzle.config.ts. */
  readonly casing?: "snake_case" | "camelCase" | undefined;
  /** Longest time for loading the modules in ms, 30,000 by default. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Loads Drizzle schema modules (.ts or .js) in a child process without the variables that lead to a database,
 * and asks the project's own drizzle-kit for their DDL.
 * @throws LockstepError `contract-source`
 */
export async function loadDrizzle(options: DrizzleOptions): Promise<DrizzleAnswer> {
  const request: DrizzleRequest = {
    root: options.root,
    files: options.files.map((file) => resolve(options.root, file)),
    casing: options.casing,
  };
  const reply = await askProgram<DrizzleReply>("drizzle-child", request, options);
  if ("ok" in reply) return reply.ok;
  const shown = request.files.map((file) => relative(options.root, file)).join(", ");
  if ("ended" in reply || reply.stage === "schema")
    throw new LockstepError("contract-source", {
      what: `the Drizzle schema ${shown} cannot be loaded`,
      expected: "modules that load without a database and export tables",
      found: "ended" in reply ? reply.ended : reply.message,
      from: shown,
      why: "the module is broken, imports something that is not installed, or opens a connection while it loads (variables that lead to a database are not passed on)",
      next:
        "message" in reply && isAbsent(reply.message)
          ? [again]
          : ["move the client out of the schema modules, so that they hold only tables and types"],
    });
  const missing = reply.stage === "kit" ? "drizzle-kit" : "drizzle-orm";
  const install = `npm install ${missing === "drizzle-kit" ? "--save-dev " : ""}${missing}@latest`;
  throw new LockstepError("contract-source", {
    what: `${missing} of this project cannot turn the schema into DDL`,
    expected: `${missing} that fits the schema ${shown}, installed in ${options.root}`,
    found: reply.message,
    from: shown,
    next: isAbsent(reply.message)
      ? [again, `where package.json does not name ${missing}: ${install}`]
      : [install],
  });
}

const again = "install the project's packages (npm install, pnpm install, …), and run it again";

function isAbsent(message: string): boolean {
  return /Cannot find (?:module|package) /.test(message);
}
