#!/usr/bin/env node
import module from "node:module";
import v8 from "node:v8";

// Most of a short command is the loading of code. Node 22.8 and later keep what they compiled (not in 20).
module.enableCompileCache?.();
// V8 would optimise the SQL parser, one function of it is huge, while it reads its first statements: that costs more
// time and memory than it saves on thousands of files. Measured on Node 20, 22 and 24, where it takes both flags; a V8
// without them complains.
if (Number.parseInt(process.versions.node, 10) <= 24)
  v8.setFlagsFromString("--no-wasm-tier-up --no-wasm-dynamic-tiering");
const { main } = await import("../dist/cli/main.js");
process.exitCode = await main(process.argv.slice(2));
