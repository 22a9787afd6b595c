/** One release of the shop in this process: its HTTP face, its worker, its customers and its accounts. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import pg from "pg";
import { Crowd, countFailures, type Visits } from "../../../examples/incidents/crowd.ts";
import { createApp } from "../../../examples/storefront/app.ts";
import { defaults } from "../../../examples/storefront/config.ts";
import type { Release } from "../../../examples/storefront/release.ts";
import { openDatabase } from "../../../examples/storefront/shop.ts";
import { startWorker } from "../../../examples/storefront/worker.ts";
import { registerInstance, type RuntimeContract } from "../../../src/runtime/index.ts";

export interface RunningOptions {
  readonly url: string;
  readonly release: Release;
  readonly contract: RuntimeContract;
  /** The type by which it casts numbers of invoices. */
  readonly numberType: "integer" | "bigint";
}

/** What a release did until it was stopped. */
export interface Done extends Visits {
  /** Failed calls, worker runs and statements, in words. */
  readonly failures: readonly string[];
  /** Numbers of the invoices that it wrote, and the sum on each. */
  readonly invoices: ReadonlyMap<string, number>;
}

export interface RunningRelease extends AsyncDisposable {
  /** Waits until so many more orders were delivered and invoices written. */
  served(more: number): Promise<void>;
  /** Ends it as a deploy does: no new customers, those inside finish, the instance says good-bye. */
  stop(): Promise<Done>;
}

const secret = "whsec_of_two_releases";

export async function startRelease(options: RunningOptions): Promise<RunningRelease> {
  const { url, release, contract } = options;
  const failures: string[] = [];
  const invoices = new Map<string, number>();
  const database = openDatabase(url);
  const pool = new pg.Pool({ connectionString: url, max: 2, application_name: "storefront" });
  const registered = await registerInstance(pool, contract, {
    instance: contract.release,
    onWarning: (reason) => failures.push(reason),
  });

  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const dependencies = {
    db: database.db,
    release,
    config: { ...defaults, webhookSecret: secret, publicUrl: baseUrl },
    log: (event: string, fields?: object) => {
      if (event.endsWith(".failed")) failures.push(`${event} ${JSON.stringify(fields)}`);
    },
  };
  const app = createApp(dependencies);
  const listener = getRequestListener(app.fetch);
  server.on("request", (request, answer) => void listener(request, answer));
  const worker = startWorker(dependencies, { intervalMs: 50 });

  const closed = new AbortController();
  let done: Promise<Done> | undefined;
  const crowd = new Crowd({
    baseUrl,
    databaseUrl: url,
    webhookSecret: secret,
    products: ["icon-set", "interface-kit"],
    everyMs: 50,
    deliveryTimeoutMs: 120_000,
    requestTimeoutMs: 60_000,
    signal: new AbortController().signal,
  });
  const accounts = (async () => {
    while (!closed.signal.aborted) {
      try {
        const written = await invoice(pool, options);
        if (written !== undefined) invoices.set(...written);
      } catch (error) {
        failures.push(`invoice: ${String(error)}`);
      }
      await sleep(20, undefined, { signal: closed.signal }).catch(() => {});
    }
  })();

  return {
    async served(more) {
      const goal = [crowd.succeeded("download") + more, invoices.size + more] as const;
      while (crowd.succeeded("download") < goal[0] || invoices.size < goal[1]) {
        if (failures.length > 0) throw new Error(failures.join("\n"));
        await sleep(50);
      }
    },
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };

  function stop(): Promise<Done> {
    return (done ??= end());
  }

  async function end(): Promise<Done> {
    const visits = await crowd.leave();
    closed.abort();
    await accounts;
    await registered.stop();
    await worker[Symbol.asyncDispose]();
    await crowd[Symbol.asyncDispose]();
    server.close();
    server.closeAllConnections();
    await pool.end();
    await database[Symbol.asyncDispose]();
    for (const [what, times] of countFailures(visits.calls)) failures.push(`${what}: ${times}`);
    return { ...visits, failures, invoices };
  }
}

/** An invoice over some order, with two lines, read again as the customer sees it; gives its number and its sum. */
async function invoice(
  pool: pg.Pool,
  { contract, numberType }: RunningOptions,
): Promise<readonly [string, number] | undefined> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const {
      rows: [row],
    } = await client.query<{ id: string | number; number: string }>(
      `INSERT INTO invoices (order_id, number)
       SELECT id, $1 || '-' || gen_random_uuid() FROM orders WHERE id >= gen_random_uuid() ORDER BY id LIMIT 1
       RETURNING id, number`,
      [contract.release],
    );
    if (row === undefined) return void (await client.query("ROLLBACK"));
    await client.query(
      `INSERT INTO invoice_lines (invoice_id, cents) VALUES ($1::${numberType}, 300), ($1::${numberType}, 19)`,
      [row.id],
    );
    await client.query(
      `INSERT INTO invoice_mails (invoice_id) VALUES ($1::${numberType})
       ON CONFLICT (invoice_id) DO UPDATE SET sent_at = EXCLUDED.sent_at`,
      [row.id],
    );
    await client.query("COMMIT");
    await client.query(
      `UPDATE invoice_mails SET sent_at = now() WHERE invoice_id = $1::${numberType}`,
      [row.id],
    );
    const {
      rows: [read],
    } = await client.query<{ cents: number }>(
      `SELECT sum(l.cents)::integer AS cents FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id
        JOIN invoice_mails m ON m.invoice_id = i.id WHERE i.id = $1::${numberType} AND m.sent_at IS NOT NULL`,
      [row.id],
    );
    if (read?.cents !== 319) throw new Error(`${row.number} reads ${String(read?.cents)} cents`);
    return [row.number, 319];
  } finally {
    client.release();
  }
}
