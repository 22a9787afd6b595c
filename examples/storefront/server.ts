/** The shop as a process: requests and, unless told otherwise, the worker loop. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { createApp } from "./app.ts";
import { readEnvironment } from "./config.ts";
import type { Log } from "./shop.ts";
import { openDatabase } from "./shop.ts";
import { startWorker } from "./worker.ts";

/** After this long, whatever still keeps the process from ending is cut off. */
const PATIENCE_MS = 10_000;

const log: Log = (event, fields) =>
  console.error(JSON.stringify({ at: new Date().toISOString(), event, ...fields }));

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  await using database = openDatabase(environment.databaseUrl, { log });

  // The port is known once it is bound, and the links in mails need it; no request is lost in between.
  let answer: (request: Request) => Response | Promise<Response> = () =>
    new Response("starting", { status: 503 });
  const listener = getRequestListener((request) => answer(request));
  const server = createServer((request, response) => void listener(request, response));
  server.listen(environment.port, environment.host);
  await once(server, "listening");
  const { address, family, port } = server.address() as AddressInfo;
  const url = `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;

  const dependencies = { db: database.db, config: environment.configAt(url), log };
  const app = createApp(dependencies);
  answer = (request) => app.fetch(request);
  const { workerIntervalMs: intervalMs } = environment;
  await using _worker = intervalMs > 0 ? startWorker(dependencies, { intervalMs }) : undefined;
  console.log(`listening on ${url}`);

  await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  // First the last requests, then the job at hand, then the connections to the database.
  const closed = once(server, "close");
  server.close();
  // A client that keeps its connection open for a next request would hold the process up for seconds.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  setTimeout(() => {
    log("shutdown.cut", { afterMs: PATIENCE_MS });
    process.exit(1);
  }, PATIENCE_MS).unref();
  await closed;
  clearInterval(idle);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
