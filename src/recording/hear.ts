import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { installed, lastWords, runCommand, shownCommand } from "../processes/index.ts";
import { redact } from "../pg/index.ts";
import { scratchVariables } from "./environment.ts";
import { senderVariables, sendersIn } from "./senders.ts";
import { startProxy } from "./wire/proxy.ts";

export interface HearRequest {
  readonly command: readonly string[];
  readonly cwd: string;
  /** Files below it are the program's own. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables that the project keeps its URL in. */
  readonly urlVariables: readonly string[];
  /** The database that the command works on. */
  readonly url: string;
  /** How long the command may take, in ms; an hour by default. */
  readonly limitMs?: number | undefined;
  /** Told each line that the command prints. */
  readonly onLine?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A text of SQL that a command sent and the server took, or refused for the rows alone. */
export interface Heard {
  readonly sql: string;
  /** `src/orders.ts:41`; none where it was not seen. */
  readonly places: readonly string[];
}

/** 23 integrity constraint violation: the statement was run. */
const ranAllTheSame = /^23/;

/**
 * Runs a program, usually its own tests, on a database and hears on the wire what it asks there. Every variable that leads to a
 * Postgres leads to that one. Each text once, in the order in which it came first.
 *
 * @throws LockstepError `recording-failed` when the command fails or never comes to the database
 */
export async function hearCommand(request: HearRequest): Promise<readonly Heard[]> {
  const { command, cwd, root, env, urlVariables, url, limitMs = 3_600_000, onLine } = request;
  const target = new URL(url);
  await using proxy = await startProxy({
    host: target.hostname,
    port: Number(target.port || "5432"),
  });
  const place = mkdtempSync(join(tmpdir(), "lockstep-hearing-"));
  try {
    const through = new URL(url);
    through.hostname = "127.0.0.1";
    through.port = String(proxy.port);
    const shown = shownCommand(command);
    const variables = scratchVariables(through.toString(), urlVariables, env);
    const { ok, ended, tail } = await runCommand({
      command: installed(command, cwd),
      cwd,
      env: { ...variables, ...senderVariables(place, root, env) },
      emit: (event) => {
        if (event.type === "command.output") onLine?.(event.line);
      },
      timeoutMs: limitMs,
      signal: request.signal,
      redact: (line) => redact(line, through.toString()),
    });
    if (!ok || proxy.connections() === 0) throw nothingHeard(shown, ok, ended, tail);
    const senders = sendersIn(place);
    const texts = new Set(
      proxy
        .sent()
        .filter(({ error }) => error === undefined || ranAllTheSame.test(error.sqlstate))
        .map(({ sql }) => sql),
    );
    return [...texts].map((sql) => ({ sql, places: senders.get(sql) ?? [] }));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function nothingHeard(
  shown: string,
  ok: boolean,
  ended: string,
  tail: readonly string[],
): LockstepError {
  return new LockstepError("recording-failed", {
    what: ok
      ? `${shown} did not connect to the database that it was given`
      : `${shown} failed, so that what it sent is not all that the code sends`,
    expected: ok
      ? "a command that takes its database from DATABASE_URL, PGHOST or another variable"
      : "a command that ends well",
    found: [`it ended with ${ended}`, lastWords(tail, 5)].filter(Boolean).join("; "),
    from: shown,
    why: ok
      ? "its address stands in a file of the project, in a variable that is not known here, or it goes on with TLS only"
      : "something in it fails, maybe for want of rows that the scratch database has not",
    next: ok
      ? [
          "let the project's configuration read DATABASE_URL",
          "or name the variable: environments: { test: { urlEnv: … } } in lockstep.config",
        ]
      : [
          `run it by hand: ${shown}`,
          "or name a database that it works with: --tests-url postgres://…",
        ],
  });
}
