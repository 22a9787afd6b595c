import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Something between a runner and its server that can stop passing bytes on, in both directions, without a word. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  freeze(): void;
}

export async function startProxy(target: string): Promise<Proxy> {
  const url = new URL(target);
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connect(Number(url.port), url.hostname);
    sockets.push(client, upstream);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const through = new URL(target);
  through.host = `127.0.0.1:${port}`;
  return {
    url: through.toString(),
    freeze: () => {
      for (const socket of sockets) socket.unpipe();
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
