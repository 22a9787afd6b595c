import { fileURLToPath } from "node:url";
import type { Probe } from "../config/index.ts";
import type { Emit } from "../events/index.ts";
import { Session } from "../pg/index.ts";
import { eventually, httpClient } from "./probe-tools.ts";

export interface ProbeOptions {
  readonly probes: readonly Probe[];
  readonly baseUrl: string | undefined;
  readonly databaseUrl: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  /** For probes that name none, 30,000 ms by default. */
  readonly timeoutMs?: number | undefined;
  /** Removes secrets from what a probe says. */
  readonly redact: (text: string) => string;
}

/** One probe's outcome, as it is recorded with the deploy. */
export interface ProbeResult {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  /** Why it failed, with the line of the probe where it did when that is known. */
  readonly reason?: string;
}

/**
 * Runs the probes one after another, each with its own time limit and its own session, and stops at the first that
 * fails: what comes after a broken payment tells nothing. Never throws for a probe's own failure.
 */
export async function runProbes(options: ProbeOptions): Promise<readonly ProbeResult[]> {
  const results: ProbeResult[] = [];
  for (const probe of options.probes) {
    const result = await runProbe(probe, options);
    results.push(result);
    if (!result.ok) break;
  }
  return results;
}

async function runProbe(probe: Probe, options: ProbeOptions): Promise<ProbeResult> {
  const { emit } = options;
  const limit = probe.timeoutMs ?? options.timeoutMs ?? 30_000;
  const timeout = AbortSignal.timeout(limit);
  const signal =
    options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  const started = performance.now();
  emit({ type: "probe.started", probe: probe.name });
  let reason: string | undefined;
  await using database = new ProbeDatabase(options.databaseUrl, limit);
  try {
    await Promise.race([
      probe.run({
        http: httpClient(options.baseUrl, signal),
        sql: async (text, params) => (await database.query(text, params)) as never,
        eventually: async (check, wait) => eventually(check, signal, wait),
        log: (message) =>
          emit({ type: "notice", severity: "info", message: options.redact(message) }),
        signal,
        env: options.env,
      }),
      rejectWhenAborted(signal),
    ]);
  } catch (error) {
    reason =
      options.signal?.aborted === true
        ? "cancelled"
        : timeout.aborted
          ? `no result within ${limit} ms`
          : options.redact(reasonOf(error));
  }
  const ms = Math.round(performance.now() - started);
  emit({ type: "probe.finished", probe: probe.name, ok: reason === undefined, ms });
  return {
    name: probe.name,
    ok: reason === undefined,
    ms,
    ...(reason === undefined ? {} : { reason }),
  };
}

/** A probe's session, opened by its first statement; what it leaves open or running ends with it. */
class ProbeDatabase implements AsyncDisposable {
  readonly #url: string;
  readonly #limitMs: number;
  #session: Promise<Session> | undefined;

  constructor(url: string, limitMs: number) {
    this.#url = url;
    this.#limitMs = limitMs;
  }

  async query(text: string, params?: readonly unknown[]): Promise<readonly unknown[]> {
    this.#session ??= this.#open();
    const session = await this.#session;
    return (await session.query(text, params)).rows;
  }

  async #open(): Promise<Session> {
    const session = await Session.open({
      url: this.#url,
      applicationName: "lockstep/probes",
    });
    // The server does not notice that nobody waits for a statement any more.
    await session.query(`SET statement_timeout = ${Math.ceil(this.#limitMs)}`);
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    await session?.close();
  }
}

async function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  const beneath =
    cause instanceof Error && !message.includes("still so")
      ? ` (${cause.message || (cause as { code?: string }).code})`
      : "";
  const place = placeOf(error);
  return `${message}${beneath}${place === undefined ? "" : ` at ${place}`}`;
}

/** The first line of the stack that is neither Node's, nor a package's, nor ours: the probe's own. */
function placeOf(error: Error): string | undefined {
  const places = (error.stack ?? "").matchAll(/\(?((?:file:\/\/)?\/[^()\s]+:\d+):\d+\)?$/gm);
  for (const [, place] of places) {
    const path = place!.startsWith("file:") ? withoutScheme(place!) : place!;
    if (!path.includes("/node_modules/") && !path.startsWith(ownFolder)) return path;
  }
  return undefined;
}

const ownFolder = fileURLToPath(new URL("..", import.meta.url));

function withoutScheme(place: string): string {
  const line = place.slice(place.lastIndexOf(":"));
  return fileURLToPath(place.slice(0, -line.length)) + line;
}
