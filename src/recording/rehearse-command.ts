import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { redact } from "../pg/index.ts";
import { postgresScheme, rehearsalVariable } from "../processes/index.ts";
import { scratchVariables } from "./environment.ts";
import { hearOnScratch, type HeardRun } from "./run-on-scratch.ts";

export interface CommandRehearsed {
  /** True when it ended by itself, with exit code 0. */
  readonly ok: boolean;
  /** `exit code 1`, `signal SIGTERM`, `time limit of 600 s`, `cancelled` */
  readonly ended: string;
  /** The last lines that it printed. */
  readonly tail: readonly string[];
  readonly ms: number;
  /** Whether it came to the database's server at all. */
  readonly isReached: boolean;
  readonly wantedTls: boolean;
  /** Other addresses that its Node processes tried to reach, which was refused. */
  readonly refused: readonly string[];
  /** What the server refused it last; undefined when nothing. */
  readonly error: { readonly sqlstate: string; readonly message: string } | undefined;
}

/**
 * Runs a pipeline's own command on a scratch database, with every address in its variables leading there.
 *
 * @param known URLs of databases that are not to be reached
 */
export async function rehearseCommandRun(
  request: HeardRun & { readonly known: readonly string[] },
): Promise<CommandRehearsed> {
  const began = performance.now();
  const shown = (line: string) => request.known.reduce((text, one) => redact(text, one), line);
  const onLine = (line: string) => request.onLine?.(shown(line));
  const heard = await hearOnScratch({ ...request, onLine }, (url, place) => ({
    ...scratchVariables(url, request.urlVariables, withoutOthers(request, url)),
    ...withoutFiles(place),
    [rehearsalVariable]: url,
  }));
  const { ok, ended, tail } = heard.ran;
  // What a failed transaction refuses afterwards tells nothing.
  const failed = heard.sent.findLast(
    ({ error }) => error !== undefined && error.sqlstate !== "25P02",
  );
  return {
    ok,
    ended,
    tail: tail.map(shown),
    ms: performance.now() - began,
    isReached: heard.connections > 0,
    wantedTls: heard.wantedTls,
    refused: heard.refused,
    error: failed?.error,
  };
}

/** An address in words: libpq's `host=… dbname=…`, ADO's `Host=…;Database=…`. */
const inWords =
  /(?:^|[\s;"'])(?:host|hostaddr|server|data source)\s*=.*\b(?:dbname|database|initial catalog)\s*=|\bdbname\s*=.*\bhost(?:addr)?\s*=/is;

/**
 * The variables without what would still lead to another database: addresses in words go, and what is a known database's
 * host, or its password under a name for such, is that of the scratch database.
 */
function withoutOthers(
  { env, known }: { readonly env: HeardRun["env"]; readonly known: readonly string[] },
  url: string,
): HeardRun["env"] {
  const { hostname, password } = new URL(url);
  const others = known.flatMap((one) =>
    postgresScheme(one) !== undefined && URL.canParse(one) ? [new URL(one)] : [],
  );
  const isTheirs = (value: string, part: "hostname" | "password") =>
    value !== "" && others.some((one) => decodeURIComponent(one[part]) === value);
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value = ""]) => {
      if (inWords.test(value)) return [];
      if (isTheirs(value, "hostname")) return [[name, hostname]];
      const isSecret = /pass|pwd|secret/i.test(name) && isTheirs(value, "password");
      return [[name, isSecret ? decodeURIComponent(password) : value]];
    }),
  );
}

/** Files that libpq takes passwords and addresses from (manual 34.16, 34.17): empty ones. */
function withoutFiles(place: string): Record<string, string> {
  const file = (name: string) => {
    const path = join(place, name);
    writeFileSync(path, "", { mode: 0o600 });
    return path;
  };
  return { PGPASSFILE: file("pgpass"), PGSERVICEFILE: file("services"), PGSYSCONFDIR: place };
}
