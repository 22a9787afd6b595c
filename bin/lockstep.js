#!/usr/bin/env node
import module from "node:module";

// Most of a short command is the loading of code. Node 22.8 and later keep what they compiled (not in 20).
module.enableCompileCache?.();
const { main } = await import("../dist/cli/main.js");
process.exitCode = await main(process.argv.slice(2));
