import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LockstepError } from "../errors/index.ts";

/** Programs of this room that run the user's own code, each in a process of its own. */
export type SourceProgram = "drizzle-child" | "orm-child";

/** The process gave no answer: it ended, or was ended. */
export interface NoAnswer {
  readonly ended: string;
}

export interface ProcessOptions {
  /** Longest time in ms, 30,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** URL of a scratch database, which every variable leads to that would lead to a database; none by default. */
  readonly url?: string | undefined;
}

/**
 * Runs one of the programs in the user's project, without the variables that lead to a database, and gives its reply.
 * @throws LockstepError `contract-source` when no process can be started
 */
export function askProgram<Reply>(
  program: SourceProgram,
  request: { readonly root: string },
  { timeoutMs = 30_000, url }: ProcessOptions = {},
): Promise<Reply | NoAnswer> {
  const source = import.meta.url.endsWith(".ts");
  // Named with its room: in the command line's bundle this module lies elsewhere, at the same depth.
  const file = fileURLToPath(
    new URL(`../contract/${program}.${source ? "ts" : "js"}`, import.meta.url),
  );
  const env = withoutDatabase(process.env, url);
  return new Promise((resolve, reject) => {
    // Run from sources (the project's own tests), the child itself is TypeScript.
    const child = fork(source ? typescriptRunner() : file, source ? [file] : [], {
      cwd: request.root,
      env: url === undefined ? env : { ...env, ...leadingTo(url) },
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let printed = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      printed = (printed + text).slice(-2000);
    });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      resolve({ ended: `not loaded after ${timeoutMs} ms; the process was ended` });
    }, timeoutMs);
    child.once("message", (reply) => {
      clearTimeout(timer);
      resolve(reply as Reply);
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
      resolve({ ended: `the loading process ended with ${how} ${printed}`.trim() });
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

/** Loading a schema needs no database, so the user's code gets no way to one but scratch. */
function withoutDatabase(env: NodeJS.ProcessEnv, scratch: string | undefined): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value = ""]) => {
      if (scratch !== undefined && /^postgres(?:ql)?:\/\//i.test(value)) return [[name, scratch]];
      const hidden = leadsToDatabase.test(name) || /^[a-z]+:\/\/[^/]*@/i.test(value);
      return hidden ? [] : [[name, value]];
    }),
  );
}

/** The variables that drivers and projects take a database from by custom. */
function leadingTo(scratch: string): NodeJS.ProcessEnv {
  const { hostname, port, username, password, pathname } = new URL(scratch);
  return {
    DATABASE_URL: scratch,
    PGHOST: decodeURIComponent(hostname),
    PGPORT: port,
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
  };
}
