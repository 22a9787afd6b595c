/** What a probe sends; `json` sets the body and the content type. */
export interface ProbeRequest {
  readonly json?: unknown;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A response read to its end, so nothing of it needs awaiting. Redirects are not followed. */
export interface ProbeResponse {
  readonly status: number;
  readonly headers: Headers;
  bytes(): Uint8Array;
  text(): string;
  json<Body = any>(): Body;
}

/** HTTP against the deploy's `baseUrl`. */
export interface ProbeHttp {
  get(path: string, request?: ProbeRequest): Promise<ProbeResponse>;
  post(path: string, request?: ProbeRequest): Promise<ProbeResponse>;
  request(method: string, path: string, request?: ProbeRequest): Promise<ProbeResponse>;
}

/** What a probe works with. */
export interface ProbeContext {
  readonly http: ProbeHttp;
  /** Runs one statement on the environment's database and gives its rows. */
  sql<Row = Record<string, any>>(text: string, params?: readonly unknown[]): Promise<Row[]>;
  /** Repeats `check` until it does not throw: 10 s and every 100 ms unless told otherwise. */
  eventually<Value>(
    check: () => Value | Promise<Value>,
    options?: { readonly timeoutMs?: number; readonly intervalMs?: number },
  ): Promise<Value>;
  /** Shows a line with the probe's progress. */
  log(message: string): void;
  /** Aborted when the probe's time is over or the deploy is stopped. */
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A scripted check of the running product: it passes when `run` does not throw. */
export interface Probe {
  readonly name: string;
  /**
   * The tables and columns that the probe exercises, e.g. `public.orders.confirmed_at` or `public.orders`. A deploy
   * warns when its schema change is touched by no probe.
   */
  readonly touches?: readonly string[];
  /** Longest run in ms, 30,000 by default. */
  readonly timeoutMs?: number;
  run(context: ProbeContext): Promise<void> | void;
}

/** What a probe module exports by default. */
export interface ProbeModule {
  readonly probes: readonly Probe[];
}

/** Types the probes of a module; gives back what it was given. */
export function defineProbes(module: ProbeModule): ProbeModule {
  return module;
}
