import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Something between a runner and its server: an address that can go silent, or move to another server. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** Stops passing bytes on, in both directions, without a word. */
  freeze(): void;
  /** New connections go to this server; those that are there stay where they are. */
  aim(target: string): void;
  /** Ends all connections. */
  cut(): void;
}

export async function startProxy(target: string): Promise<Proxy> {
  let to = new URL(target);
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connect(Number(to.port), to.hostname);
    sockets.push(client, upstream);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const through = new URL(target);
  through.host = `127.0.0.1:${port}`;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: through.toString(),
    freeze: () => {
      for (const socket of sockets) socket.unpipe();
    },
    aim: (other) => {
      to = new URL(other);
    },
    cut,
    [Symbol.asyncDispose]: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
