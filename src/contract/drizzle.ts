import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { LockstepError } from "../errors/index.ts";
import type { DrizzleAnswer, DrizzleReply, DrizzleRequest } from "./drizzle-child.ts";

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
  const reply = await ask(request, options.timeoutMs ?? 30_000);
  if ("ok" in reply) return reply.ok;
  const shown = request.files.map((file) => relative(options.root, file)).join(", ");
  if (reply.stage === "schema")
    throw new LockstepError("contract-source", {
      what: `the Drizzle schema ${shown} cannot be loaded`,
      expected: "modules that load without a database and export tables",
      found: reply.message,
      from: shown,
      why: "the module is broken, imports something that is not installed, or opens a connection while it loads (variables that lead to a database are not passed on)",
      next: ["move the client out of the schema modules, so that they hold only tables and types"],
    });
  const missing = reply.stage === "kit" ? "drizzle-kit" : "drizzle-orm";
  throw new LockstepError("contract-source", {
    what: `${missing} of this project cannot turn the schema into DDL`,
    expected: `${missing} that fits the schema ${shown}, installed in ${options.root}`,
    found: reply.message,
    from: shown,
    next: [`npm install ${missing === "drizzle-kit" ? "--save-dev " : ""}${missing}@latest`],
  });
}

function ask(request: DrizzleRequest, timeoutMs: number): Promise<DrizzleReply> {
  const source = import.meta.url.endsWith(".ts");
  // Named with its room: in the command line's bundle this module lies elsewhere, at the same depth.
  const file = fileURLToPath(
    new URL(`../contract/drizzle-child.${source ? "ts" : "js"}`, import.meta.url),
  );
  return new Promise((resolve, reject) => {
    // Run from sources (the project's own tests), the child itself is TypeScript.
    const child = fork(source ? typescriptRunner() : file, source ? [file] : [], {
      cwd: request.root,
      env: withoutDatabase(process.env),
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let printed = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      printed = (printed + text).slice(-2000);
    });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      const message = `not loaded after ${timeoutMs} ms; the process was ended`;
      resolve({ stage: "schema", message });
    }, timeoutMs);
    child.once("message", (reply) => {
      clearTimeout(timer);
      resolve(reply as DrizzleReply);
    });
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(
        new LockstepError(
          "contract-source",
          { what: "no process can be started to load the schema", found: error.message },
          { cause: error },
        ),
      );
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      resolve({
        stage: "schema",
        message: `the loading process ended with ${how} ${printed}`.trim(),
      });
    });
    child.send(request);
  });
}

function typescriptRunner(): string {
  const manifest = createRequire(import.meta.url).resolve("jiti/package.json");
  return join(dirname(manifest), "lib", "jiti-cli.mjs");
}

const leadsToDatabase =
  /^PG|DATABASE|POSTGRES|MYSQL|REDIS|MONGO|DB_|_DB$|DSN|SECRET|TOKEN|PASSW|CREDENTIAL|API_?KEY/i;

/** Loading a schema needs no database, so the user's code gets no way to one. */
function withoutDatabase(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name, value]) => !leadsToDatabase.test(name) && !/^[a-z]+:\/\/[^/]*@/i.test(value ?? ""),
    ),
  );
}
