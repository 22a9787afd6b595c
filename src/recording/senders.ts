import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Names the folder whose files count as the program's own. */
const rootVariable = "LOCKSTEP_RECORDING_ROOT";

/** A place that sends so many statements sends them for others. */
const forOthers = 5;

/**
 * The module that is loaded into every Node process: it notes from where each statement is handed to node-postgres, alone or
 * under a query builder or mapper. What it cannot see has no place.
 */
const text = `"use strict";
const fs = require("node:fs");
const path = require("node:path");
const Module = require("node:module");
const { fileURLToPath } = require("node:url");
const root = process.env.${rootVariable} + path.sep;
const file = path.join(__dirname, "places-" + process.pid + "-" + Date.now());
const seen = new Set();
function placesNow() {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 60;
  const stack = String(new Error().stack);
  Error.stackTraceLimit = limit;
  const places = [];
  for (const line of stack.split("\\n").slice(1)) {
    const found = /\\(?((?:file:\\/\\/)?[^()\\s][^()]*?):(\\d+):\\d+\\)?$/.exec(line.replace(/^\\s*at (?:async )?/, ""));
    if (found === null) continue;
    const named = found[1].replace(/^.*\\(/, "");
    const full = named.startsWith("file:") ? fileURLToPath(named) : named;
    if (!full.startsWith(root) || full.includes(path.sep + "node_modules" + path.sep)) continue;
    const place = full.slice(root.length).split(path.sep).join("/") + ":" + found[2];
    if (!places.includes(place)) places.push(place);
  }
  return places.slice(0, 5);
}
function note(query) {
  try {
    const sql = typeof query === "string" ? query : query && typeof query.text === "string" ? query.text : undefined;
    if (sql === undefined) return;
    const places = placesNow();
    if (places.length === 0) return;
    const line = JSON.stringify({ sql, places });
    if (seen.has(line)) return;
    seen.add(line);
    fs.appendFileSync(file, line + "\\n");
  } catch {}
}
const patched = new WeakSet();
function patch(made) {
  if (typeof made !== "function" || made.prototype === undefined || patched.has(made)) return;
  const own = Object.getOwnPropertyDescriptor(made.prototype, "query");
  if (own === undefined || typeof own.value !== "function" || typeof made.prototype.connect !== "function") return;
  patched.add(made);
  made.prototype.query = function (...args) {
    note(args[0]);
    return own.value.apply(this, args);
  };
}
const load = Module._load;
Module._load = function (...args) {
  const made = load.apply(this, args);
  if (/pg|client/.test(String(args[0]))) patch(made);
  return made;
};
`;

/**
 * Variables with which a command's Node processes note where statements come from.
 * @param folder where the module is written, and what it notes
 * @param root the program's own files
 */
export function senderVariables(
  folder: string,
  root: string,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const file = join(folder, "senders.cjs");
  writeFileSync(file, text, { mode: 0o600 });
  const others = env["NODE_OPTIONS"] ?? "";
  return {
    [rootVariable]: root,
    NODE_OPTIONS: `${others} --require ${JSON.stringify(file)}`.trim(),
  };
}

/** The places of each text of SQL, as far as they were seen. A function through which others send is passed over. */
export function sendersIn(folder: string): ReadonlyMap<string, readonly string[]> {
  const notes = readdirSync(folder)
    .filter((name) => name.startsWith("places-"))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { readonly sql: string; readonly places: string[] });
  const sentBy = new Map<string, Set<string>>();
  for (const { sql, places } of notes) {
    const [first = ""] = places;
    sentBy.set(first, (sentBy.get(first) ?? new Set()).add(sql));
  }
  const isForOthers = (place: string) => (sentBy.get(place)?.size ?? 0) >= forOthers;
  const result = new Map<string, Set<string>>();
  for (const { sql, places } of notes) {
    const place = places.find((one) => !isForOthers(one)) ?? places[0]!;
    result.set(sql, (result.get(sql) ?? new Set()).add(place));
  }
  return new Map([...result].map(([sql, places]) => [sql, [...places].sort()]));
}
