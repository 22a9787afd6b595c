/** The host's remote control: what `hosting rollout v2` or `hosting canary v2` in a deploy script talks to. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Host } from "./host.ts";

export interface Control extends AsyncDisposable {
  /** For the environment variable HOSTING_URL of a pipeline. */
  readonly url: string;
  /** The roll-outs that were asked for, oldest first. */
  readonly rollOuts: readonly { readonly release: string; readonly at: number }[];
}

export async function openControl(host: Host): Promise<Control> {
  const rollOuts: { release: string; at: number }[] = [];
  const server = createServer((request, answer) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://hosting");
    const release = searchParams.get("release") ?? "";
    rollOuts.push({ release, at: performance.now() });
    const replaced = pathname === "/canary" ? host.canary(release) : host.rollOut(release);
    const healthy = () => host.instances.filter((instance) => instance.release === release).length;
    replaced.then(
      () => answer.end(`release ${release} is live, ${healthy()} healthy`),
      (error: unknown) => {
        answer.statusCode = 500;
        answer.end(String(error));
      },
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rollOuts,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
