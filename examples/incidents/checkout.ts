/** The team's checkout: the shop's schema and migrations as one team sees them, and the tools on its PATH. */
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { drizzleStack } from "./drizzle-stack.ts";
import { built, incidents, root, storefront } from "./places.ts";
import type { Stack } from "./stack.ts";

const config = join(incidents, "lockstep.config.mjs");

/** Lays out a checkout with the first `written` migrations. */
export function layOut(folder: string, stack: Stack, written: number): void {
  mkdirSync(folder, { recursive: true });
  stack.writeHistory(join(folder, "migrations"), written);
  stack.writeSchemas(folder);
  writeFileSync(
    join(folder, "package.json"),
    '{ "name": "shop", "private": true, "type": "module" }\n',
  );
  const text = readFileSync(config, "utf8").replace(drizzleStack.contract, stack.contract);
  writeFileSync(join(folder, "lockstep.config.mjs"), text);
  symlinkSync(storefront, join(folder, "shop"), "dir");
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  symlinkSync(root, join(modules, "lockstep"), "dir");
  symlinkSync(join(root, "node_modules", ".bin"), join(modules, ".bin"), "dir");
  for (const name of stack.packages) {
    const link = join(modules, name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link, "dir");
  }
}

/** Puts the commands of the pipelines into a folder for the PATH. */
export function writeCommands(folder: string, stack: Stack): void {
  mkdirSync(folder, { recursive: true });
  const programs = {
    hosting: join(built, "incidents", "hosting.js"),
    ...stack.programs,
    lockstep: join(root, "bin", "lockstep.js"),
  };
  for (const [name, program] of Object.entries(programs)) {
    const file = join(folder, name);
    const line = `${quoted(process.execPath)} ${quoted(program)} "$@"`;
    // Drizzle Kit does not end its last line.
    const run = name === "drizzle-kit" ? `${line}\ncode=$?\necho\nexit $code` : `exec ${line}`;
    writeFileSync(file, `#!/bin/sh\n${run}\n`);
    chmodSync(file, 0o755);
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
