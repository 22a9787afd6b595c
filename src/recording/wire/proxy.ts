import { createConnection, createServer, type Server, type Socket } from "node:net";
import { Conversation, type Sent } from "./conversation.ts";
import { FrameReader } from "./frames.ts";

/** Codes of the first message of a connection (manual 54.7: SSLRequest, GSSENCRequest, CancelRequest). */
const codes = { tls: 80_877_103, gss: 80_877_104, cancel: 80_877_102 } as const;

/** A port of this machine's that passes everything on to a server, and hears it. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** Everything that was sent and has ended, in the order in which it was sent. */
  sent(): readonly Sent[];
  /** Connections that were made. */
  readonly connections: () => number;
  /** True when a client would not go on without TLS, which is refused here. */
  readonly wantedTls: () => boolean;
}

/**
 * Stands in front of a Postgres server. Every byte is passed on as it came; encryption is refused, so that there is
 * something to hear.
 */
export async function startProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<Proxy> {
  const heard: Sent[] = [];
  const sockets = new Set<Socket>();
  let numbers = 0;
  let connections = 0;
  let refusedTls = 0;
  let begun = 0;
  const server = createServer((client) => {
    const upstream = createConnection(target);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.once("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      // Told by the close that follows.
      one.on("error", () => {});
    }
    const conversation = new Conversation(
      ++connections,
      () => ++numbers,
      (sent) => heard.push(sent),
    );
    const asked = new FrameReader({ untyped: true });
    const answered = new FrameReader({ untyped: false });
    let isCancel = false;
    const refuse = () => {
      refusedTls++;
      client.write("N");
    };
    client.on("data", (chunk: Buffer) => {
      try {
        for (const frame of asked.read(chunk)) {
          if (frame.type !== "") {
            conversation.asked(frame);
            upstream.write(frame.bytes);
            continue;
          }
          const code = frame.body.readInt32BE(0);
          if (code === codes.tls || code === codes.gss) {
            refuse();
            continue;
          }
          isCancel = code === codes.cancel;
          if (!isCancel) begun++;
          asked.expectTypes();
          upstream.write(frame.bytes);
        }
      } catch {
        // TLS without asking first (direct negotiation), or no Postgres client at all.
        refusedTls++;
        client.destroy();
      }
    });
    upstream.on("data", (chunk: Buffer) => {
      if (!isCancel) for (const frame of answered.read(chunk)) conversation.answered(frame);
      client.write(chunk);
    });
    client.on("end", () => upstream.end());
    upstream.on("end", () => client.end());
  });
  const port = await listen(server);
  return {
    port,
    sent: () => heard.toSorted((a, b) => a.number - b.number),
    connections: () => begun,
    wantedTls: () => refusedTls > 0 && begun === 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      resolve(port);
    });
  });
}
