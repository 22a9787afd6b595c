import type { Endpoint, Trouble } from "./model.ts";

const mostMs = 5_000;

/** Asks one endpoint; undefined when its answer is good. */
export async function askEndpoint(
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<Trouble | undefined> {
  const subject = `endpoint ${shown(endpoint.url)}`;
  const limit = endpoint.mostMs ?? mostMs;
  const timeout = AbortSignal.timeout(limit);
  try {
    const answer = await fetch(endpoint.url, {
      // What it leads to, such as a page to log in, may be well while the product is not.
      redirect: "manual",
      signal: AbortSignal.any([signal, timeout]),
    });
    const text = await answer.text();
    if (!answer.ok) {
      const to = answer.headers.get("location");
      const where = to === null ? "" : `, to ${shown(new URL(to, endpoint.url).href)}`;
      return { subject, found: `status ${answer.status}${where}` };
    }
    if (endpoint.value === undefined) return undefined;
    const value = numberAt(text, endpoint.value);
    if (value === undefined) return { subject, found: `no number at ${endpoint.value}` };
    return endpoint.most !== undefined && value > endpoint.most
      ? { subject, found: `${endpoint.value} is ${value}, ${endpoint.most} at the most` }
      : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) return { subject, found: `no answer within ${limit} ms` };
    const { message, cause } = error as Error;
    return { subject, found: cause instanceof Error ? cause.message || message : message };
  }
}

/** Without a password or a query, which may hold a key. */
function shown(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function numberAt(text: string, path: string): number | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  for (const key of path.split("."))
    value =
      typeof value === "object" && value !== null
        ? (value as Readonly<Record<string, unknown>>)[key]
        : undefined;
  return typeof value === "number" ? value : undefined;
}
