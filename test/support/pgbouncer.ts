import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Session } from "../../src/pg/index.ts";

export interface PgBouncerOptions {
  /** The server behind it. */
  readonly url: string;
  readonly poolMode: "session" | "transaction" | "statement";
  /** Server connections, 20 by default. */
  readonly poolSize?: number;
  /** Hands out the connection unused for longest instead of the one used last. */
  readonly roundRobin?: boolean;
}

/** A PgBouncer on a port of its own. */
export interface PgBouncer extends AsyncDisposable {
  /** URL through it to the same database and user. */
  readonly url: string;
}

const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
const program = folders.map((folder) => join(folder, "pgbouncer")).find((path) => existsSync(path));

/**
 * Why tests that need a PgBouncer cannot run here; undefined where they can. On CI they must: there they fail instead
 * of being left out.
 */
export const pgBouncerMissing =
  program !== undefined || process.env["CI"] !== undefined
    ? undefined
    : "no pgbouncer is installed (Debian: apt-get install pgbouncer; macOS: brew install pgbouncer)";

/** Starts a PgBouncer in front of a server; it ends with the scope, and with this process at the latest. */
export async function startPgBouncer(options: PgBouncerOptions): Promise<PgBouncer> {
  if (program === undefined) throw new Error("no pgbouncer is installed");
  const folder = mkdtempSync(join(tmpdir(), "lockstep-pgbouncer-"));
  const account = unprivileged();
  const port = await freePort();
  const file = join(folder, "pgbouncer.ini");
  writeFileSync(file, settings(options, port), { mode: 0o600 });
  if (account !== undefined)
    for (const path of [folder, file]) chownSync(path, account.uid, account.gid);
  chmodSync(folder, 0o700);
  const child = spawn(program, ["-q", file], { ...account, stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  const stop = async () => {
    process.off("exit", kill);
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      kill();
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const through = new URL(options.url);
  through.port = String(port);
  try {
    await untilReady(child, through.toString(), () => log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: through.toString(), [Symbol.asyncDispose]: stop };
}

function settings(options: PgBouncerOptions, port: number): string {
  const server = new URL(options.url);
  const database = `host=${server.hostname} port=${server.port} user=${server.username} password=${server.password}`;
  return [
    "[databases]",
    `* = ${database}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    `pool_mode = ${options.poolMode}`,
    `default_pool_size = ${options.poolSize ?? 20}`,
    `server_round_robin = ${options.roundRobin === true ? 1 : 0}`,
    "max_client_conn = 500",
    "",
  ].join("\n");
}

async function untilReady(child: ChildProcess, url: string, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt++) {
    const session = await Session.open({ url, applicationName: "test" }).catch(() => undefined);
    if (session !== undefined) return session.close();
    await sleep(25);
  }
  throw new Error(`pgbouncer does not answer: ${log()}`);
}

/** PgBouncer refuses to run as root. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const [, , uid, gid] =
    users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody")!;
  return { uid: Number(uid), gid: Number(gid) };
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
