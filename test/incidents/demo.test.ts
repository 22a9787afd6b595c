import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterEach, expect, it } from "vitest";
import { root } from "../../examples/incidents/places.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Processes that were started for this folder: its name is in their environment or among their arguments. */
function processesOf(folder: string): readonly number[] {
  const knows = (file: string) => {
    try {
      return readFileSync(file, "utf8").includes(folder);
    } catch {
      return false;
    }
  };
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => knows(`/proc/${pid}/environ`) || knows(`/proc/${pid}/cmdline`));
}

/** The demo with a pipe for its output and a folder of its own for temporary files. */
function startDemo() {
  const folder = mkdtempSync(join(tmpdir(), "lockstep-demo-test-"));
  chmodSync(folder, 0o711);
  folders.push(folder);
  const child = spawn(process.execPath, [join(root, "bin", "lockstep.js"), "demo"], {
    env: {
      ...process.env,
      TMPDIR: folder,
      LOCKSTEP_SCRATCH_HOME: folder,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return {
    child,
    folder,
    text: () => text,
    async until(isThere: (demo: { readonly folder: string; readonly text: string }) => boolean) {
      for (const deadline = Date.now() + 60_000; !isThere({ folder, text }); await sleep(20))
        if (Date.now() > deadline || child.exitCode !== null)
          throw new Error(`this is not what was waited for:\n${text}`);
    },
  };
}

/** Folders of scratch servers that run. */
function serversIn(folder: string): readonly string[] {
  const homes = readdirSync(folder).filter((name) => name.startsWith("lockstep-scratch-"));
  return homes
    .flatMap((home) => readdirSync(join(folder, home)))
    .filter((name) => name.startsWith("run-"));
}

it
  .runIf(process.platform === "linux")
  .each<[string, (demo: { readonly folder: string; readonly text: string }) => boolean]>([
    ["while customers are in the shop", ({ text }) => text.includes("Customers buy")],
    ["while Lockstep has a server of its own", ({ folder }) => serversIn(folder).length > 1],
  ])("Ctrl-C leaves nothing behind, %s", { timeout: 120_000 }, async (_when, moment) => {
  const demo = startDemo();
  await demo.until(moment);
  expect(processesOf(demo.folder).length).toBeGreaterThan(1);
  const ended = once(demo.child, "exit");
  demo.child.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  expect(demo.text()).toContain("stopped; nothing is left behind");
  expect(demo.text()).not.toContain("\u001B[");
  expect(processesOf(demo.folder)).toEqual([]);
  expect(serversIn(demo.folder)).toEqual([]);
  expect(readdirSync(demo.folder).filter((name) => name.startsWith("lockstep-replay"))).toEqual([]);
  const widest = Math.max(
    ...demo
      .text()
      .split("\n")
      .map((line) => line.length),
  );
  expect(widest).toBeLessThanOrEqual(80);
});

it("explains itself where the package is installed without its examples", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lockstep-demo-test-"));
  folders.push(folder);
  for (const name of ["bin", "dist", "package.json", "CHANGELOG.md"])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
  const { code, stderr } = await promisify(execFile)(process.execPath, [
    join(folder, "bin", "lockstep.js"),
    "demo",
  ]).then(
    () => ({ code: 0, stderr: "" }),
    (error: { code: number; stderr: string }) => error,
  );
  expect(stderr).toMatch(
    /error\[usage\]: the demo is not here[^]*installed without its examples[^]*npm run demo/,
  );
  expect(code).toBe(2);
});
