#!/usr/bin/env node
"use strict";
// CommonJS, as the bundle is: Node starts it sooner than ES modules.
const { existsSync } = require("node:fs");
const module_ = require("node:module");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

// Most of a short command is the loading of code. Node 22.8 and later keep what they compiled (not in 20).
module_.enableCompileCache?.();

/** The bundler takes away what it has bundled; where the compiler ran alone, or after it, its modules are there. */
const compiled = path.join(__dirname, "../dist/cli/main.js");

async function start() {
  const { main } = existsSync(compiled)
    ? await import(pathToFileURL(compiled).href)
    : require("../dist/bundle/lockstep.cjs");
  process.exitCode = await main(process.argv.slice(2));
}

void start();
