import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { LockstepError } from "../errors/index.ts";
import type { Binaries } from "./binaries.ts";

/** The account that a server runs under: Postgres refuses to run as root. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** An unprivileged account when we are root (`postgres`, else `nobody`), nothing otherwise. */
export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const user =
    users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  if (user === undefined)
    throw new LockstepError("scratch-unavailable", {
      what: "a scratch Postgres cannot be started by root",
      expected: "a user `postgres` or `nobody` on this machine to run it as",
      found: "neither in /etc/passwd",
      next: ["run Lockstep as another user, or name a server: --scratch-url postgres://…"],
    });
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/**
 * The folder that holds cached data directories and one folder for each running server. Private to this user:
 * a folder of that name owned by someone else is refused.
 */
export function scratchHome(account: Account): string {
  const home = join(
    process.env["LOCKSTEP_SCRATCH_HOME"] ?? tmpdir(),
    `lockstep-scratch-${process.getuid?.() ?? "user"}`,
  );
  mkdirSync(home, { recursive: true, mode: 0o711 });
  const { uid } = lstatSync(home);
  if (process.getuid !== undefined && uid !== process.getuid())
    throw new LockstepError("scratch-unavailable", {
      what: `the scratch folder ${home} belongs to another user`,
      expected: "a folder of this user",
      found: `owner ${uid}`,
      next: ["set LOCKSTEP_SCRATCH_HOME to a folder of your own"],
    });
  if (account.uid === undefined) return home;
  chmodSync(home, 0o711);
  if (isOpenToAll(home)) return home;
  throw new LockstepError("scratch-unavailable", {
    what: "the account that runs the scratch Postgres cannot reach its folder",
    expected:
      "a folder whose parents other users may pass through (root cannot run Postgres itself)",
    found: `${home} lies below a folder closed to others`,
    from: process.env["LOCKSTEP_SCRATCH_HOME"] === undefined ? "TMPDIR" : "LOCKSTEP_SCRATCH_HOME",
    next: ["set LOCKSTEP_SCRATCH_HOME to an open folder, e.g. /var/tmp"],
  });
}

/**
 * Programs that the server's account can run, with the package's links in place. The package itself is used when
 * it can be; a copy is made when its folder is closed to that account or cannot be written.
 */
export function preparePrograms(binaries: Binaries, home: string, account: Account): string {
  const missing = binaries.links.filter((link) => !existsSync(join(binaries.root, link.target)));
  const reachable = account.uid === undefined || isOpenToAll(binaries.root);
  if (reachable && missing.every((link) => tryLink(binaries.root, link))) return binaries.root;
  const copy = join(home, `programs-${binaries.version}`);
  if (existsSync(copy)) return copy;
  const draft = mkdtempSync(join(home, "draft-"));
  cpSync(binaries.root, draft, { recursive: true, verbatimSymlinks: true });
  for (const link of binaries.links) tryLink(draft, link);
  chmodSync(draft, 0o755);
  moveIntoPlace(draft, copy);
  return copy;
}

function tryLink(root: string, link: Binaries["links"][number]): boolean {
  const target = join(root, link.target);
  try {
    symlinkSync(relative(dirname(target), join(root, link.source)), target);
    return true;
  } catch {
    return existsSync(target);
  }
}

function isOpenToAll(folder: string): boolean {
  const { mode } = statSync(folder);
  const parent = dirname(folder);
  return (mode & 0o001) !== 0 && (parent === folder || isOpenToAll(parent));
}

/** Renames a finished folder to its final name; when another process was first, its work is used. */
export function moveIntoPlace(draft: string, final: string): void {
  try {
    renameSync(draft, final);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(final)) throw error;
  }
}

/** Copies a data directory, by `cp` (which keeps owners and may share blocks) where there is one. */
export function copyFolder(from: string, to: string, account: Account): void {
  const { status } = spawnSync("cp", ["-a", "--reflink=auto", from, to], { stdio: "ignore" });
  if (status === 0) return;
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
  if (account.uid !== undefined)
    for (const name of ["", ...readdirSync(to, { recursive: true, encoding: "utf8" })])
      chownSync(join(to, name), account.uid, account.gid!);
  chmodSync(to, 0o700);
}

/** Writes whose server this is, so that a later start can tell a running owner from a killed one. */
export function signOwner(folder: string): void {
  writeFileSync(
    join(folder, "owner.json"),
    JSON.stringify({ pid: process.pid, born: birthOf(process.pid) }),
  );
}

/** Ends servers and removes folders whose owner was killed before it could do so itself. */
export function sweep(home: string): void {
  for (const name of readdirSync(home)) {
    const folder = join(home, name);
    if (name.startsWith("draft-") && Date.now() - ageOf(folder) > 600_000)
      rmSync(folder, { recursive: true, force: true });
    if (!name.startsWith("run-")) continue;
    const owner = readOwner(folder);
    if (owner === undefined && Date.now() - ageOf(folder) < 60_000) continue;
    if (owner !== undefined && birthOf(owner.pid) === owner.born) continue;
    endServer(join(folder, "data"));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Stops the server of a data directory: at once, or cleanly, so that its files can be started from again (manual 19.5,
 * immediate and fast shutdown). True when it has ended.
 *
 * @param started the process that was started for it, as long as it has not ended: it may not have written its pid yet
 */
export function endServer(
  dataDirectory: string,
  how: "at once" | "cleanly" = "at once",
  started?: number,
): boolean {
  const written = writtenPid(dataDirectory);
  const pid = written ?? started;
  if (pid === undefined) return false;
  // Elsewhere it is not told apart from another process, nor from one that has ended and that nobody has waited for.
  const isLinux = process.platform === "linux";
  if (isLinux && !isServerOf(pid, dataDirectory)) return false;
  // Before it knows any signal, SIGQUIT would leave a core; after that SIGTERM is heeded too, as nobody is connected.
  const signal = how === "cleanly" ? "SIGINT" : written === undefined ? "SIGTERM" : "SIGQUIT";
  // Told to end at once, it kills those of its processes that have not ended after five seconds itself (postmaster.c).
  if (end(pid, signal, how === "cleanly" ? 30_000 : isLinux ? 10_000 : 3_000)) return true;
  return (
    how === "at once" && isLinux && isServerOf(pid, dataDirectory) && end(pid, "SIGKILL", 1_000)
  );
}

/** What it writes before it starts any process of its own. */
function writtenPid(dataDirectory: string): number | undefined {
  try {
    const [line] = readFileSync(join(dataDirectory, "postmaster.pid"), "utf8").split("\n", 1);
    return Number(line) || undefined;
  } catch {
    return undefined;
  }
}

/** Sends a signal and waits. True when the process has ended by then. */
function end(pid: number, signal: NodeJS.Signals, patience: number): boolean {
  try {
    process.kill(pid, signal);
  } catch {
    return !isAlive(pid);
  }
  for (const deadline = Date.now() + patience; Date.now() < deadline && isAlive(pid);)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  return !isAlive(pid);
}

function isAlive(pid: number): boolean {
  return birthOf(pid) !== undefined;
}

function isServerOf(pid: number, dataDirectory: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(dataDirectory);
  } catch {
    return false;
  }
}

/** Something that tells two processes of one pid apart; undefined when none runs under it. */
function birthOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    if (process.platform === "linux") return undefined;
  }
  try {
    process.kill(pid, 0);
    return "alive";
  } catch {
    return undefined;
  }
}

function readOwner(folder: string): { pid: number; born: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "owner.json"), "utf8"));
  } catch {
    return undefined;
  }
}

function ageOf(folder: string): number {
  try {
    return statSync(folder).mtimeMs;
  } catch {
    return Date.now();
  }
}
