import { setTimeout as sleep } from "node:timers/promises";
import type { ProbeHttp, ProbeRequest, ProbeResponse } from "../config/index.ts";

/** A small HTTP client against one base URL. Paths are joined to it; an absolute URL is taken as it is. */
export function httpClient(baseUrl: string | undefined, signal: AbortSignal): ProbeHttp {
  const send = async (
    method: string,
    path: string,
    request: ProbeRequest = {},
  ): Promise<ProbeResponse> => {
    if (baseUrl === undefined && !URL.canParse(path))
      throw new Error(`no base URL to call ${path} on: set deploy.baseUrl`);
    const headers = new Headers(request.headers);
    let body = request.body;
    if (request.json !== undefined) {
      body = JSON.stringify(request.json);
      if (!headers.has("content-type")) headers.set("content-type", "application/json");
    }
    const response = await fetch(new URL(path, baseUrl), {
      method,
      headers,
      body: body ?? null,
      redirect: "manual",
      signal,
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const text = new TextDecoder().decode(bytes);
    return {
      status: response.status,
      headers: response.headers,
      bytes: () => bytes,
      text: () => text,
      json: () => JSON.parse(text) as never,
    };
  };
  return {
    get: (path, request) => send("GET", path, request),
    post: (path, request) => send("POST", path, request),
    request: send,
  };
}

export interface EventuallyOptions {
  /** Longest wait in ms, 10,000 by default. */
  readonly timeoutMs?: number;
  /** Pause between tries in ms, 100 by default. */
  readonly intervalMs?: number;
}

/**
 * Calls `check` until it does not throw and gives its value. After the time limit it throws the last failure,
 * with how long was waited.
 */
export async function eventually<Value>(
  check: () => Value | Promise<Value>,
  signal: AbortSignal,
  options: EventuallyOptions = {},
): Promise<Value> {
  const { timeoutMs = 10_000, intervalMs = 100 } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      signal.throwIfAborted();
      if (Date.now() + intervalMs > deadline)
        throw new Error(`${(error as Error).message} (still so after ${timeoutMs} ms)`, {
          cause: error,
        });
    }
    await sleep(intervalMs, undefined, { signal });
  }
}
