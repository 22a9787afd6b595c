import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installed, lastWords, runCommand, shownCommand } from "../processes/index.ts";
import { LockstepError } from "../errors/index.ts";
import { redact } from "../pg/index.ts";
import type { Scratch } from "../scratch/index.ts";
import { scratchVariables } from "./environment.ts";
import { guardVariables, refusedAddresses } from "./guard.ts";
import type { RecordRequest } from "./record.ts";
import type { Sent } from "./wire/conversation.ts";
import { startProxy } from "./wire/proxy.ts";

/** A command's end. */
export interface Ran {
  readonly shown: string;
  /** True when it ended by itself and says that all is well. */
  readonly ok: boolean;
  readonly ended: string;
  readonly tail: readonly string[];
}

/** A role that a migration names and scratch lacks is made, and the command run again, this often at the most. */
const mostRoles = 20;

/** Runs the tool's command on empty databases, and gives all that it sent to the last of them. */
export async function runOnScratch(
  scratch: Scratch,
  request: RecordRequest,
): Promise<{ readonly sent: readonly Sent[]; readonly ran: Ran }> {
  for (let made = 0; ; made++) {
    const run = await runOnce(scratch, request);
    const role = run.sent.map(({ error }) => lackingRole(error)).find((name) => name !== undefined);
    if (role === undefined || made === mostRoles) return run;
    await scratch.createRoles([role]);
  }
}

/** As the server says it in C, which a scratch server of ours speaks (acl.c, get_role_oid). */
function lackingRole(error: Sent["error"]): string | undefined {
  if (error?.sqlstate !== "42704") return undefined;
  return /^role "(.*)" does not exist$/.exec(error.message)?.[1];
}

async function runOnce(scratch: Scratch, { folder, env, urlVariables, limitMs }: RecordRequest) {
  const { command, cwd } = folder.program!;
  const database = await scratch.createDatabase();
  try {
    return await runHeard({ command, cwd, env, urlVariables, url: database.url, limitMs });
  } finally {
    await database.drop();
  }
}

export interface HeardRun {
  readonly command: string | readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables that the project keeps its URL in. */
  readonly urlVariables: readonly string[];
  /** The scratch database that it works on. */
  readonly url: string;
  /** How long it may take, in ms; 600,000 by default. */
  readonly limitMs?: number | undefined;
  /** Told each line that the command prints. */
  readonly onLine?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a command did on a scratch database. */
export interface HeardOnScratch {
  readonly sent: readonly Sent[];
  readonly ran: Ran;
  /** Connections that it made to the database's server. */
  readonly connections: number;
  /** True when it would not go on without TLS, which is refused here. */
  readonly wantedTls: boolean;
  /** Other addresses that its Node processes tried to reach, which was refused. */
  readonly refused: readonly string[];
}

/**
 * Runs a tool's command on a scratch database and gives all that it sent.
 * @throws LockstepError `recording-failed` when it did not come to that database
 */
export async function runHeard(
  request: HeardRun,
): Promise<{ readonly sent: readonly Sent[]; readonly ran: Ran }> {
  const heard = await hearOnScratch(request, (url) =>
    scratchVariables(url, request.urlVariables, request.env),
  );
  requireReached(heard);
  return heard;
}

/**
 * Runs a command on a scratch database, and hears on the wire what it sends there; whether it came there is the caller's to judge.
 *
 * @param variablesOf its variables, by the URL under which it reaches that database, and a folder that is gone afterwards
 */
export async function hearOnScratch(
  { command, cwd, env, url: given, limitMs = 600_000, onLine, signal }: HeardRun,
  variablesOf: (url: string, place: string) => Record<string, string | undefined>,
): Promise<HeardOnScratch> {
  const target = new URL(given);
  await using proxy = await startProxy({
    host: target.hostname,
    port: Number(target.port || "5432"),
  });
  const place = mkdtempSync(join(tmpdir(), "lockstep-recording-"));
  try {
    const url = new URL(given);
    url.hostname = "127.0.0.1";
    url.port = String(proxy.port);
    const shown = shownCommand(command);
    const { ok, ended, tail } = await runCommand({
      command: installed(command, cwd),
      cwd,
      env: { ...variablesOf(url.toString(), place), ...guardVariables(place, proxy.port, env) },
      emit: (event) => {
        if (event.type === "command.output") onLine?.(event.line);
      },
      timeoutMs: limitMs,
      signal,
      redact: (line) => redact(line, url.toString()),
    });
    return {
      sent: proxy.sent(),
      ran: { shown, ok, ended, tail },
      connections: proxy.connections(),
      wantedTls: proxy.wantedTls(),
      refused: refusedAddresses(place),
    };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function requireReached({
  connections,
  wantedTls,
  refused,
  ran: { shown, ended, tail },
}: HeardOnScratch): void {
  if (connections > 0) return;
  const told =
    refused.length > 0
      ? `it tried to reach ${refused.join(", ")}, which was refused`
      : lastWords(tail, 5);
  throw new LockstepError("recording-failed", {
    what: `${shown} did not connect to the scratch database`,
    expected: "a command that takes its database from DATABASE_URL, PGHOST or another variable",
    found: `it ended with ${ended}; ${told}`,
    from: "migrations.command",
    why: wantedTls
      ? "it goes on with TLS only, which the scratch database has not"
      : "its address stands in a file of the project, or in a variable that is not known here",
    next: wantedTls
      ? ["turn TLS off in the project's configuration where LOCKSTEP_RECORDING_PORT is set"]
      : [
          "let the project's configuration read DATABASE_URL",
          "or name the variable: environments: { production: { urlEnv: … } } in lockstep.config",
        ],
  });
}
