/** A real PgBouncer in transaction mode, for as long as it is needed. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Pooler, PoolerOptions } from "./pooler.ts";

const run = promisify(execFile);

export async function startPgBouncer(
  program: string,
  { url, size = 4 }: PoolerOptions,
): Promise<Pooler> {
  const account = unprivileged();
  const { stdout } = await run(program, ["--version"], { ...account, cwd: "/" });
  const target = new URL(url);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "lockstep-replay-pooler-"));
  const file = join(folder, "pgbouncer.ini");
  const settings = [
    "[databases]",
    `* = host=${target.hostname} port=${target.port} user=${decodeURIComponent(target.username)} password=${decodeURIComponent(target.password)}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    // Only this machine reaches it, and only for the seconds of a replay.
    "auth_type = any",
    "pool_mode = transaction",
    `default_pool_size = ${size}`,
    "ignore_startup_parameters = extra_float_digits,options",
  ];
  writeFileSync(file, `${settings.join("\n")}\n`, { mode: 0o600 });
  if (account.uid !== undefined)
    for (const path of [folder, file]) chownSync(path, account.uid, account.gid);

  const child = spawn(program, [file], {
    ...account,
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk) => (said += String(chunk)));
  const ended = once(child, "exit");
  const kill = () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + 10_000; !said.includes("process up"); await sleep(10)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      kill();
      throw new Error(`PgBouncer did not start. ${said}`);
    }
  }
  const through = new URL(url);
  through.hostname = "127.0.0.1";
  through.port = String(port);
  return {
    url: through.toString(),
    name: stdout.split("\n", 1)[0] ?? "PgBouncer",
    real: true,
    kill,
    async [Symbol.asyncDispose]() {
      kill();
      await ended;
    },
  };
}

/** PgBouncer, like Postgres, refuses to run as root. */
function unprivileged(): { readonly uid: number; readonly gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const user = ["postgres", "nobody"]
    .map((wanted) => users.find(([name]) => name === wanted))
    .find((found) => found !== undefined);
  if (user === undefined) throw new Error("No user `postgres` or `nobody` to run PgBouncer as");
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
