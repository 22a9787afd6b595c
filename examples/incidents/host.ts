/**
 * The machine that the shop runs on: instances as processes, and one public address before them that never
 * goes away; another one leads to the newest instance alone. A roll-out starts a new instance, waits until it is
 * healthy, moves the traffic and stops an old one.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { built } from "./places.ts";

export interface HostOptions {
  /** Environment of each instance, besides its release. */
  readonly env: Readonly<Record<string, string>>;
  /** The releases there are, and whose code each one is. */
  readonly releases: Readonly<Record<string, "v1" | "v2">>;
  /** The contract that was built with a release, for its instances to register with; undefined: they do not. */
  readonly contractOf: (release: string) => string | undefined;
}

/** A running instance. */
export interface Instance {
  readonly release: string;
  readonly pid: number;
}

interface Running extends Instance {
  readonly port: number;
  readonly child: ChildProcess;
}

export class Host implements AsyncDisposable {
  /** The shop's public address. */
  readonly url: string;
  /** Past the others to the newest instance. */
  readonly canaryUrl: string;
  readonly #options: HostOptions;
  readonly #fronts: readonly Server[];
  readonly #agent = new Agent({ keepAlive: true });
  readonly #log: Readonly<Record<string, unknown>>[] = [];
  #running: readonly Running[] = [];
  readonly #started = new Set<ChildProcess>();
  #turn = 0;

  private constructor(front: Server, side: Server, options: HostOptions) {
    this.#fronts = [front, side];
    this.#options = options;
    this.url = addressOf(front);
    this.canaryUrl = addressOf(side);
    front.on("request", (incoming, answer) => {
      const target = this.#running[this.#turn++ % Math.max(1, this.#running.length)];
      this.#receive(incoming, answer, target);
    });
    side.on("request", (incoming, answer) => {
      this.#receive(incoming, answer, this.#running.at(-1));
    });
  }

  static async open(options: HostOptions): Promise<Host> {
    return new Host(await listen(), await listen(), options);
  }

  get instances(): readonly Instance[] {
    return this.#running;
  }

  /** What the instances logged, oldest first: an event name and its fields. */
  get log(): readonly Readonly<Record<string, unknown>>[] {
    return this.#log;
  }

  /** Replaces what runs, one instance after the other, without a request going nowhere. */
  async rollOut(release: string, instances = Math.max(1, this.#running.length)): Promise<void> {
    let old = this.#running;
    for (let count = 0; count < instances; count += 1) {
      const [replaced, ...others] = old;
      old = others;
      await this.#replace(replaced, release);
    }
    for (const { child } of old) await stop(child);
    this.#running = this.#running.filter((each) => !old.includes(each));
  }

  /** Replaces the oldest instance; the others go on with the release that they are. */
  async canary(release: string): Promise<void> {
    await this.#replace(this.#running[0], release);
  }

  async #replace(old: Running | undefined, release: string): Promise<void> {
    const fresh = await this.#start(release);
    this.#running = [...this.#running.filter((each) => each !== old), fresh];
    if (old) await stop(old.child);
  }

  async #start(release: string): Promise<Running> {
    const code = this.#options.releases[release];
    if (code === undefined) throw new Error(`There is no release ${release}`);
    const contract = this.#options.contractOf(release);
    const child = spawn(process.execPath, [join(built, "incidents", "instance.js")], {
      env: {
        ...this.#options.env,
        ...(contract === undefined ? {} : { LOCKSTEP_CONTRACT: contract }),
        PUBLIC_URL: this.url,
        PORT: "0",
        STOREFRONT_RELEASE: code,
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#started.add(child);
    child.once("exit", () => this.#started.delete(child));
    createInterface({ input: child.stderr }).on("line", (line) => {
      this.#log.push({ release, ...readLog(line) });
    });
    const port = await new Promise<number>((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const url = line.split(" ").find((word) => URL.canParse(word));
        if (url !== undefined) resolve(Number(new URL(url).port));
      });
      child.once("error", reject);
      child.once("exit", (code) => {
        const said = this.#log.map((entry) => JSON.stringify(entry)).join("\n");
        reject(new Error(`The shop ended with code ${code} before it listened. ${said}`));
      });
    });
    const health = await fetch(`http://127.0.0.1:${port}/health`);
    if (!health.ok) throw new Error(`The new instance is not healthy: ${health.status}`);
    return { release, pid: child.pid ?? 0, port, child };
  }

  #receive(incoming: IncomingMessage, answer: ServerResponse, target: Running | undefined): void {
    if (!target) {
      answer.writeHead(503).end();
      return;
    }
    const { method, url: path, headers } = incoming;
    const outgoing = request(
      { host: "127.0.0.1", port: target.port, method, path, headers, agent: this.#agent },
      (reply) => {
        answer.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(answer);
      },
    );
    outgoing.on("error", () => {
      if (!answer.headersSent) answer.writeHead(502);
      answer.end();
    });
    // A customer who gives up takes the request along.
    answer.on("close", () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  /** Ends every process at once; also for use when the process itself ends. */
  kill(): void {
    for (const child of this.#started) child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#running = [];
    const ended = [...this.#started].map((child) => once(child, "exit"));
    this.kill();
    await Promise.all(ended);
    this.#agent.destroy();
    for (const front of this.#fronts) {
      front.close();
      front.closeAllConnections();
    }
  }
}

async function listen(): Promise<Server> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

function readLog(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return { event: "said", reason: line };
  }
}
