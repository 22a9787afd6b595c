import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Names the port of the scratch database, the only one that a program may reach. */
const portVariable = "LOCKSTEP_RECORDING_PORT";

/** The module that is loaded into every Node process of the command. */
const text = `"use strict";
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const port = Number(process.env.${portVariable});
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const first = Array.isArray(args[0]) ? args[0][0] : args[0];
  const isPath = typeof first === "string" && Number.isNaN(Number(first));
  const options =
    typeof first === "object" && first !== null
      ? first
      : isPath
        ? { path: first }
        : { port: first, host: typeof args[1] === "string" ? args[1] : undefined };
  const { path: pipe, host = "localhost" } = options;
  const isOther = pipe !== undefined ? pipe.includes(".s.PGSQL.") : Number(options.port) !== port;
  if (!isOther) return connect.apply(this, args);
  const where = pipe ?? host + ":" + options.port;
  fs.appendFileSync(path.join(__dirname, "refused"), where + "\\n");
  const message =
    "lockstep: " + where + " is out of reach while migrations are recorded: they may reach the scratch database only";
  const error = Object.assign(new Error(message), { code: "ECONNREFUSED" });
  process.nextTick(() => this.destroy(error));
  return this;
};
`;

/**
 * Variables with which a command's Node processes can reach nothing but a port of this machine's: a configuration that names
 * a database of its own would be migrated instead of scratch. Programs in other languages are not held back.
 *
 * @param folder where the module is written
 */
export function guardVariables(
  folder: string,
  port: number,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const file = join(folder, "guard.cjs");
  writeFileSync(file, text, { mode: 0o600 });
  const others = env["NODE_OPTIONS"] ?? "";
  return {
    [portVariable]: String(port),
    NODE_OPTIONS: `${others} --require ${JSON.stringify(file)}`.trim(),
    // What is not installed is not to be fetched: npx would wait for a registry that it cannot reach.
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
  };
}

/** Addresses that the command tried to reach, each once. */
export function refusedAddresses(folder: string): readonly string[] {
  try {
    return [...new Set(readFileSync(join(folder, "refused"), "utf8").trim().split("\n"))];
  } catch {
    // Nothing was refused.
    return [];
  }
}
