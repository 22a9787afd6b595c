import { execFileSync, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Session } from "../../src/pg/index.ts";
import { findBinaries } from "../../src/scratch/binaries.ts";
import { preparePrograms, scratchHome, serverAccount } from "../../src/scratch/home.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { standbySettings } from "./standby-settings.ts";

/** A standby that streams from its primary and answers queries. */
export interface Replica extends AsyncDisposable {
  readonly url: string;
}

/**
 * Makes a streaming standby of a running server, from a copy of its data directory taken between the start and the stop
 * of a backup (manual 26.3.3): no package brings pg_basebackup for every version.
 *
 * @param name its application_name in pg_stat_replication
 */
export async function startReplica(primary: Scratch, name: string): Promise<Replica> {
  const account = serverAccount();
  const programs = preparePrograms(findBinaries(primary.major), scratchHome(account), account);
  const { host, port: from, username, password } = partsOf(primary.url);
  const { data, least } = await copyData(primary, name);
  writeFileSync(join(data, "standby.signal"), "");
  if (account.uid !== undefined)
    execFileSync("chown", ["-R", `${account.uid}:${account.gid}`, data]);
  const port = await freePort();
  const settings = {
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    ...least,
    fsync: "off",
    primary_conninfo: `host=${host} port=${from} user=${username} password=${password} application_name=${name}`,
    wal_receiver_status_interval: "1s",
  };
  const log = join(dirname(data), `${name}.log`);
  const output = openSync(log, "w");
  const server = spawn(
    join(programs, "bin", "postgres"),
    ["-D", data, ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`])],
    {
      ...account,
      stdio: ["ignore", output, output],
      env: { LC_ALL: "C", TZ: "UTC", LD_LIBRARY_PATH: join(programs, "lib") },
    },
  );
  closeSync(output);
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const url = primary.url.replace(`:${from}/`, `:${port}/`);
  const stop = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGQUIT");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  try {
    await untilStreaming(primary.url, url, name);
    return { url, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw new Error(readFileSync(log, "utf8"), { cause: error });
  }
}

/** Copies the data directory of a running server; what changed meanwhile comes with the WAL. */
async function copyData(
  primary: Scratch,
  name: string,
): Promise<{ readonly data: string; readonly least: Readonly<Record<string, string>> }> {
  await using session = await Session.open({ url: primary.url, applicationName: "backup" });
  const least = await standbySettings(session);
  const { rows } = await session.query<{ data: string }>(
    "SELECT current_setting('data_directory') AS data",
  );
  const source = rows[0]!.data;
  const copy = join(dirname(source), `standby-${name}`);
  const [start, stop] =
    primary.major >= 15
      ? ["pg_backup_start('copy', true)", "pg_backup_stop(false)"]
      : ["pg_start_backup('copy', true, false)", "pg_stop_backup(false, false)"];
  await session.query(`SELECT ${start}`);
  execFileSync("cp", ["-a", source, copy]);
  const stopped = await session.query<{ labelfile: string }>(`SELECT labelfile FROM ${stop}`);
  for (const file of ["postmaster.pid", "postmaster.opts"])
    rmSync(join(copy, file), { force: true });
  writeFileSync(join(copy, "backup_label"), stopped.rows[0]!.labelfile);
  return { data: copy, least };
}

async function untilStreaming(primary: string, url: string, name: string): Promise<void> {
  await using session = await Session.open({ url: primary, applicationName: "test" });
  for (let attempt = 0; attempt < 200; attempt++, await sleep(25)) {
    const { rowCount } = await session.query(
      "SELECT FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming' AND replay_lsn IS NOT NULL",
      [name],
    );
    if (rowCount === 0) continue;
    const standby = await Session.open({ url, applicationName: "test" }).catch(() => undefined);
    if (standby === undefined) continue;
    await standby.close();
    return;
  }
  throw new Error("the standby does not stream");
}

function partsOf(url: string) {
  const { hostname, port, username, password } = new URL(url);
  return { host: hostname, port, username, password: decodeURIComponent(password) };
}

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
