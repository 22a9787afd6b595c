import { spawn } from "node:child_process";
import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Session } from "../../src/pg/index.ts";
import { findBinaries } from "../../src/scratch/binaries.ts";
import { preparePrograms, scratchHome, serverAccount } from "../../src/scratch/home.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { standbySettings } from "./standby-settings.ts";

/** A real standby: in recovery, readable, waiting for changes of a primary that never come. */
export interface Standby extends AsyncDisposable {
  readonly url: string;
}

/**
 * Starts a server, lets `prepare` fill it, and starts it again as a standby: with `standby.signal` it stays in recovery
 * (manual 26.2).
 */
export async function startStandby(prepare: (url: string) => Promise<void>): Promise<Standby> {
  const server = await startScratch();
  try {
    await prepare(server.url);
    const { data, least } = await stop(server.url);
    const account = serverAccount();
    const signal = join(data, "standby.signal");
    writeFileSync(signal, "");
    if (account.uid !== undefined) chownSync(signal, account.uid, account.gid!);
    const programs = preparePrograms(findBinaries(server.major), scratchHome(account), account);
    const settings = {
      listen_addresses: "127.0.0.1",
      port: new URL(server.url).port,
      unix_socket_directories: "",
      ...least,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    spawn(join(programs, "bin", "postgres"), ["-D", data, ...args], {
      ...account,
      detached: true,
      stdio: "ignore",
      env: { LC_ALL: "C", LD_LIBRARY_PATH: join(programs, "lib") },
    }).unref();
    await untilReady(server.url);
    // It runs in the scratch server's folder, and is ended with it.
    return { url: server.url, [Symbol.asyncDispose]: () => server.close() };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Stops a server in good order. */
async function stop(
  url: string,
): Promise<{ readonly data: string; readonly least: Readonly<Record<string, string>> }> {
  await using session = await Session.open({ url, applicationName: "test" });
  const least = await standbySettings(session);
  const { rows } = await session.query<{ data: string; pid: number }>(
    `SELECT current_setting('data_directory') AS data,
            split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int AS pid`,
  );
  const { data, pid } = rows[0]!;
  process.kill(pid, "SIGINT");
  for (let isRunning = true; isRunning; await sleep(20))
    try {
      process.kill(pid, 0);
    } catch {
      isRunning = false;
    }
  return { data, least };
}

async function untilReady(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const session = await Session.open({ url, applicationName: "test" }).catch(() => undefined);
    if (session !== undefined) return session.close();
    await sleep(25);
  }
  throw new Error("the standby does not answer");
}
