import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import { findBinaries, type Binaries } from "./binaries.ts";
import { onExit } from "./exit.ts";
import { discardKept, findKept, keepData } from "./kept.ts";
import {
  copyFolder,
  endServer,
  moveIntoPlace,
  preparePrograms,
  scratchHome,
  serverAccount,
  signOwner,
  sweep,
  type Account,
} from "./home.ts";

const run = promisify(execFile);

export interface EmbeddedServer {
  readonly major: number;
  /** Superuser URL of database `postgres`. */
  readonly url: string;
  /** The key of what the server was started from; undefined when it started empty. */
  readonly from: string | undefined;
  /** Server log so far. */
  log(): string;
  stop(): void;
  /** Stops it cleanly and keeps its data for later starts with this key. False when it could not be done. */
  keep(key: string): boolean;
}

export interface EmbeddedOptions {
  readonly major: number;
  /** Server settings, e.g. `{ wal_level: "logical" }`. They win over ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** True keeps fsync on, for measurements. Default false: a scratch server has nothing to lose. */
  readonly durable?: boolean;
  /** Starts from the data kept under the first of these keys (hex digits) that is there, else empty. */
  readonly from?: readonly string[];
}

/**
 * Boots a private server on a free port of 127.0.0.1. The data directory is copied from a cached one
 * (made by initdb once per version), so a start takes a fraction of a second.
 * @throws LockstepError `scratch-unavailable`
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  try {
    return await startInHome(options);
  } catch (error) {
    throw explainHome(error, options.major);
  }
}

/** What the file system refuses is no bug: no space, no right to write. */
function explainHome(error: unknown, major: number): unknown {
  const { code, syscall, path = tmpdir(), message } = error as NodeJS.ErrnoException;
  if (isLockstepError(error) || code === undefined || syscall === undefined) return error;
  return new LockstepError(
    "scratch-unavailable",
    {
      what: `the scratch Postgres ${major} has no place for its files`,
      expected:
        "some 60 MB that may be written, in the system's temporary folder or LOCKSTEP_SCRATCH_HOME",
      found: message,
      from: path,
      next: [
        "set LOCKSTEP_SCRATCH_HOME to a folder with space that may be written",
        "or name a server: --scratch-url postgres://…",
      ],
    },
    { cause: error },
  );
}

async function startInHome(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const binaries = findBinaries(options.major);
  const account = serverAccount();
  const home = scratchHome(account);
  sweep(home);
  const programs = preparePrograms(binaries, home, account);
  const setting: Setting = { binaries, programs, home, account, options };
  for (const key of options.from ?? []) {
    const kept = findKept(home, binaries.version, key);
    if (kept === undefined) continue;
    try {
      return await startFrom(kept, key, setting);
    } catch {
      // Damaged, or removed by another process while it was copied.
      discardKept(kept);
    }
  }
  const cached = emptyData(home, binaries);
  if (existsSync(cached))
    try {
      return await startFrom(cached, undefined, setting);
    } catch (error) {
      if (!isLockstepError(error) && (error as NodeJS.ErrnoException).code !== "ENOENT")
        throw error;
      // Damaged, e.g. by a machine that went down before it was on disk (initdb runs with --no-sync): made again.
      discardKept(cached);
    }
  await makeEmptyData(cached, setting);
  return startFrom(cached, undefined, setting);
}

/** The cached, freshly initialised data directory of a version, and its superuser's password. */
function emptyData(home: string, { version }: Binaries): string {
  return join(home, `data-${version}`);
}

interface Setting {
  readonly binaries: Binaries;
  readonly programs: string;
  readonly home: string;
  readonly account: Account;
  readonly options: EmbeddedOptions;
}

async function startFrom(
  source: string,
  from: string | undefined,
  { binaries, programs, home, account, options }: Setting,
): Promise<EmbeddedServer> {
  const folder = mkdtempSync(join(home, `run-${options.major}-`));
  signOwner(folder);
  const data = join(folder, "data");
  let server: ChildProcess | undefined;
  const stop = () => {
    const isOver = server === undefined || server.exitCode !== null || server.signalCode !== null;
    endServer(data, "at once", isOver ? undefined : server?.pid);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const forget = onExit(stop);
  try {
    if (account.uid !== undefined) chownSync(folder, account.uid, account.gid!);
    copyFolder(join(source, "data"), data, account);
    const password = readFileSync(join(source, "password"), "utf8");
    const port = await boot({ programs, folder, account, options }, (child) => (server = child));
    return {
      major: options.major,
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      from,
      log: () => readFileSync(join(folder, "log"), "utf8"),
      stop: () => {
        forget();
        stop();
      },
      keep: (key) => {
        const isStopped = endServer(data, "cleanly");
        // Its files are elsewhere then: there is nothing to end any more.
        if (isStopped) server = undefined;
        if (isStopped) keepData(home, binaries.version, key, { data, password });
        forget();
        stop();
        return isStopped;
      },
    };
  } catch (error) {
    forget();
    stop();
    throw error;
  }
}

async function boot(
  {
    programs,
    folder,
    account,
    options,
  }: Pick<Setting, "programs" | "account" | "options"> & { readonly folder: string },
  onStart: (server: ChildProcess) => void,
): Promise<number> {
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "100",
    // What fills, compares or drops a schema of 5,000 tables locks each of them, its indexes and its TOAST, at once.
    max_locks_per_transaction: "512",
    log_checkpoints: "off",
    ...(options.durable === true
      ? {}
      : { fsync: "off", full_page_writes: "off", synchronous_commit: "off" }),
    ...options.settings,
  };
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const log = openSync(join(folder, "log"), "w", 0o600);
    const args = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => [
      "-c",
      `${name}=${value}`,
    ]);
    const server = spawn(join(programs, "bin", "postgres"), ["-D", join(folder, "data"), ...args], {
      ...account,
      detached: true,
      stdio: ["ignore", log, log],
      env: serverEnvironment(programs),
    });
    closeSync(log);
    onStart(server);
    server.unref();
    let ended: string | undefined;
    server.once("error", (error) => (ended = error.message));
    server.once("exit", (code, signal) => (ended = `it ended with ${signal ?? `code ${code}`}`));
    const deadline = Date.now() + 60_000;
    while (ended === undefined && Date.now() < deadline) {
      const text = readFileSync(join(folder, "log"), "utf8");
      if (text.includes("ready to accept connections")) return port;
      await sleep(5);
    }
    const text = readFileSync(join(folder, "log"), "utf8");
    if (attempt < 5 && text.includes("Address already in use")) continue;
    throw new LockstepError("scratch-unavailable", {
      what: `the scratch Postgres ${options.major} did not start`,
      expected: "a server that accepts connections within a minute",
      found: ended ?? "no answer",
      from: join(programs, "bin", "postgres"),
      why: text.trim().split("\n").slice(-5).join("\n") || "it wrote no log",
      next: ["free memory or disk, or name a server: --scratch-url postgres://…"],
    });
  }
}

async function makeEmptyData(
  cached: string,
  { binaries, programs, home, account }: Setting,
): Promise<void> {
  const draft = mkdtempSync(join(home, "draft-"));
  const password = randomBytes(18).toString("base64url");
  const secret = join(draft, "password");
  writeFileSync(secret, password, { mode: 0o600 });
  mkdirSync(join(draft, "data"), { mode: 0o700 });
  if (account.uid !== undefined)
    for (const path of [draft, secret, join(draft, "data")])
      chownSync(path, account.uid, account.gid!);
  const args = ["-D", join(draft, "data"), "-U", "postgres", `--pwfile=${secret}`];
  args.push("-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--wal-segsize=4", "--no-sync");
  // Each connection pays for the iterations, which are to slow down who guesses: 144 bits by chance nobody guesses.
  if (binaries.major >= 16) args.push("-c", "scram_iterations=1");
  let initdb: ChildProcess | undefined;
  const forget = onExit(() => {
    initdb?.kill("SIGKILL");
    rmSync(draft, { recursive: true, force: true, maxRetries: 5 });
  });
  try {
    const making = run(join(programs, "bin", "initdb"), args, {
      ...account,
      cwd: draft,
      env: serverEnvironment(programs),
    });
    initdb = making.child;
    await making;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new LockstepError(
      "scratch-unavailable",
      {
        what: `a data directory for the scratch Postgres ${binaries.major} could not be made`,
        expected: "initdb to succeed",
        found: reasonIn(stderr ?? message),
        from: join(programs, "bin", "initdb"),
        next: ["check free disk and rights of the folder in LOCKSTEP_SCRATCH_HOME"],
      },
      { cause: error },
    );
  } finally {
    forget();
  }
  moveIntoPlace(draft, cached);
}

/** Of what initdb writes, the lines that say what went wrong; it ends with what it cleans up. */
function reasonIn(output: string): string {
  const lines = output.trim().split("\n");
  const telling = lines.filter((line) => /FATAL|PANIC|could not|No space/.test(line));
  return (telling.length > 0 ? telling : lines).slice(-3).join("\n").trim();
}

function serverEnvironment(programs: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    LC_ALL: "C",
    TZ: "UTC",
    LD_LIBRARY_PATH: join(programs, "lib"),
  };
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
