/**
 * A stand-in for PgBouncer where none is installed: it hands a server connection to a client for one transaction
 * and to another client for the next, which is all that the replay needs of a pooler. It speaks just enough of
 * the protocol (manual, chapter "Frontend/Backend Protocol") and is of no use for anything else.
 */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import pg from "pg";
import type { Pooler, PoolerOptions } from "./pooler.ts";

const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;

const code = (letter: string) => letter.charCodeAt(0);
const READY_FOR_QUERY = code("Z");
const IDLE = code("I");
const TERMINATE = code("X");
/** Query, Sync, FunctionCall. */
const ANSWERED: ReadonlySet<number> = new Set(["Q", "S", "F"].map(code));

interface Backend {
  readonly socket: Socket;
  client: Client | undefined;
  /** What came of a message whose end has not come yet. */
  rest: Buffer;
}

interface Client {
  readonly socket: Socket;
  backend: Backend | undefined;
  waiting: Buffer[];
  rest: Buffer;
  greeted: boolean;
  /** Answers that are still to come: each Query, Sync and FunctionCall ends with one ReadyForQuery. */
  owed: number;
}

export async function startStandIn({ url, size = 4 }: PoolerOptions): Promise<Pooler> {
  const idle: Backend[] = [];
  const queue: Client[] = [];
  const sockets = new Set<Socket>();
  const parameters = new Map<string, string>();
  let opened = 1;
  let closing = false;

  async function open(): Promise<Backend> {
    // The driver logs in; from then on the bare connection is ours.
    const driver = new pg.Client({ connectionString: url });
    const { connection } = driver as unknown as {
      connection: NodeJS.EventEmitter & { readonly stream: Socket };
    };
    connection.on("parameterStatus", (status: { parameterName: string; parameterValue: string }) =>
      parameters.set(status.parameterName, status.parameterValue),
    );
    await driver.connect();
    const { stream } = connection;
    stream.removeAllListeners();
    const backend: Backend = { socket: stream, client: undefined, rest: Buffer.alloc(0) };
    stream.on("data", (chunk: Buffer) => fromBackend(backend, chunk));
    stream.on("error", () => {});
    stream.on("close", () => backend.client?.socket.destroy());
    sockets.add(stream);
    return backend;
  }

  function attach(client: Client, backend: Backend): void {
    client.backend = backend;
    backend.client = client;
    for (const chunk of client.waiting.splice(0)) backend.socket.write(chunk);
  }

  function wish(client: Client): void {
    const backend = idle.pop();
    if (backend) return attach(client, backend);
    queue.push(client);
    if (opened >= size) return;
    opened += 1;
    open().then(release, () => (closing ? undefined : client.socket.destroy()));
  }

  /** A connection without a client serves who waits longest. */
  function release(backend: Backend): void {
    backend.client = undefined;
    const next = queue.shift();
    if (next) attach(next, backend);
    else idle.push(backend);
  }

  function fromBackend(backend: Backend, chunk: Buffer): void {
    const { client } = backend;
    client?.socket.write(chunk);
    const { messages, rest } = cut(Buffer.concat([backend.rest, chunk]));
    backend.rest = rest;
    const ready = messages.filter((message) => message[0] === READY_FOR_QUERY);
    if (!client || ready.length === 0) return;
    client.owed -= ready.length;
    // Nothing more to answer and outside a transaction: the pooler's moment.
    if (client.owed > 0 || ready.at(-1)?.[5] !== IDLE) return;
    client.backend = undefined;
    release(backend);
  }

  function fromClient(client: Client, chunk: Buffer): void {
    if (!client.greeted) return greet(client, chunk, parameters);
    const { messages, rest } = cut(Buffer.concat([client.rest, chunk]));
    client.rest = rest;
    for (const message of messages) {
      // Terminate is for the pooler; the server connection lives on, with all that a session left in it.
      if (message[0] === TERMINATE) return void client.socket.end();
      if (ANSWERED.has(message[0] ?? 0)) client.owed += 1;
      if (client.backend) client.backend.socket.write(message);
      else client.waiting.push(message);
    }
    if (!client.backend && client.waiting.length > 0 && !queue.includes(client)) wish(client);
  }

  const server = createServer((socket) => {
    const none = Buffer.alloc(0);
    const client: Client = {
      socket,
      backend: undefined,
      waiting: [],
      rest: none,
      greeted: false,
      owed: 0,
    };
    sockets.add(socket);
    socket.on("data", (chunk) => fromClient(client, chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      if (queue.includes(client)) queue.splice(queue.indexOf(client), 1);
      // A client that goes in the middle of a transaction takes its server connection along.
      if (client.backend) {
        opened -= 1;
        client.backend.client = undefined;
        client.backend.socket.destroy();
      }
    });
  });
  idle.push(await open());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const through = new URL(url);
  through.hostname = "127.0.0.1";
  through.port = String((server.address() as AddressInfo).port);
  const kill = () => {
    closing = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: through.toString(),
    name: "a stand-in for PgBouncer (none is installed here)",
    real: false,
    kill,
    async [Symbol.asyncDispose]() {
      kill();
      server.close();
      await once(server, "close");
    },
  };
}

/** Anyone may in: only this machine reaches the port. */
function greet(client: Client, chunk: Buffer, parameters: ReadonlyMap<string, string>): void {
  const request = chunk.readInt32BE(4);
  if (request === SSL_REQUEST || request === GSS_REQUEST) return void client.socket.write("N");
  if (request === CANCEL_REQUEST) return void client.socket.end();
  client.greeted = true;
  client.socket.write(
    Buffer.concat([
      message("R", Buffer.alloc(4)),
      ...[...parameters].map(([name, value]) => message("S", Buffer.from(`${name}\0${value}\0`))),
      message("K", Buffer.alloc(8, 1)),
      message("Z", Buffer.from("I")),
    ]),
  );
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Whole messages, and what is there of the next one. */
function cut(bytes: Buffer): { readonly messages: readonly Buffer[]; readonly rest: Buffer } {
  const messages: Buffer[] = [];
  let start = 0;
  while (bytes.length - start >= 5) {
    const end = start + 1 + bytes.readInt32BE(start + 1);
    if (bytes.length < end) break;
    messages.push(bytes.subarray(start, end));
    start = end;
  }
  return { messages, rest: bytes.subarray(start) };
}
