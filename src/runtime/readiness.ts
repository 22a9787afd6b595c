import { check, messageOf, type CheckOptions } from "./check.ts";
import { queryOf } from "./connection.ts";
import type { RuntimeContract, RuntimeDifference } from "./contract.ts";

/** What a readiness check answers, as JSON with status 200 or 503. */
export interface Readiness {
  readonly ready: boolean;
  readonly release: string;
  readonly differences: readonly RuntimeDifference[];
  /** Why nothing could be compared, e.g. no connection. */
  readonly error?: string;
}

/** A readiness check, and the same as a handler of several frameworks. */
export interface ReadinessCheck {
  (): Promise<Readiness>;
  /** For `fetch`-style servers and Hono: `app.get("/ready", () => ready.fetch())`. */
  readonly fetch: () => Promise<Response>;
  /** For Node's http, Express and Connect: `app.get("/ready", ready.node)`. */
  readonly node: (request: unknown, response: NodeResponse) => Promise<void>;
}

interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(text: string): unknown;
}

/**
 * A readiness check for the load balancer: ready while the database has what the release expects. It never
 * throws; a database that cannot be asked is not ready. Differences name schema objects: keep the route internal.
 */
export function readiness(
  database: unknown,
  contract: RuntimeContract,
  options: CheckOptions = {},
): ReadinessCheck {
  const query = queryOf(database);
  const ask = async (): Promise<Readiness> => {
    const { release } = contract;
    try {
      const differences = await check(query, contract, options);
      return { ready: differences.length === 0, release, differences };
    } catch (error) {
      return { ready: false, release, differences: [], error: messageOf(error) };
    }
  };
  return Object.assign(ask, {
    fetch: async () => {
      const answer = await ask();
      return Response.json(answer, { status: answer.ready ? 200 : 503 });
    },
    node: async (_request: unknown, response: NodeResponse) => {
      const answer = await ask();
      response.statusCode = answer.ready ? 200 : 503;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(answer));
    },
  });
}
