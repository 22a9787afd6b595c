/**
 * For each operation of `lockstep plan`: the longest wait of any statement of an application while somebody's transaction
 * that has read the tables stays open for 30 seconds, with the plan and with the migration as it was written. Writes the
 * table of docs/stalls.md. Ends with 1 when a statement waited longer with a plan than `lock_timeout` + 250 ms, or failed.
 * Usage: npm run bench:stall [-- --rows 200000 --reader-seconds 30 --lanes 8 --major 18 --only TEXT]
 */
import { fork } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createJiti } from "jiti";
import { Session } from "../dist/pg/index.js";
import { runOptions } from "../dist/runner/index.js";
import { startScratch } from "../dist/scratch/index.js";
import { askApplication } from "./stall/ask-application.mjs";
import { asWritten, carried, planOf } from "./stall/measure.mjs";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "200000" },
    "reader-seconds": { type: "string", default: "30" },
    lanes: { type: "string", default: "8" },
    major: { type: "string", default: "18" },
    only: { type: "string" },
  },
});
const rows = Number(values.rows);
const seconds = Number(values["reader-seconds"]);
const { lockTimeoutMs } = runOptions();
const limitMs = lockTimeoutMs + 250;
/** How far apart migrations as written begin: their readers end one after the other, and so does their work. */
const apartMs = 2_500;

const { base, cases } = await createJiti(import.meta.url).import("./stall/cases.ts");
const chosen = cases.filter(({ title }) => title.includes(values.only ?? ""));
const scratch = await startScratch({
  major: Number(values.major),
  settings: {
    max_connections: "300",
    max_wal_size: "8GB",
    shared_preload_libraries: "pg_stat_statements",
  },
});
const application = askApplication(
  fork(fileURLToPath(new URL("stall/application.mjs", import.meta.url))),
);
const began = performance.now();
const loads = [loadavg()[0]];

try {
  const of = (count) =>
    scratch.template(`stall ${count}`, async (url) => {
      const session = await Session.open({ url, applicationName: "bench" });
      for (const sql of ["CREATE EXTENSION pg_stat_statements", ...base(count).split(";\n")])
        await session.query(sql);
      await session.close();
    });
  const small = { scratch, template: await of(100) };
  const stage = { scratch, application, rows, template: await of(rows) };
  const results = chosen.map((one) => ({ one }));
  const wrong = [];
  for (const [n, result] of results.entries()) {
    const { folder, answered } = await planOf(small, result.one, `stall_${n}`);
    const { title, operation } = result.one;
    if (!answered.has(operation)) wrong.push(`${title}: ${[...answered].join(", ")} answered`);
    result.folder = folder;
  }
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  tell(`${chosen.length} plans made`);

  const planned = results.filter(({ folder }) => folder !== undefined);
  const queue = planned.values();
  const lane = async () => {
    for (const result of queue) {
      result.plan = await carried(stage, result.one, result.folder, seconds);
      tell(
        `plan  ${result.one.title}: ${described(result.plan)}, gave way ${result.plan.gaveWay} times`,
      );
    }
  };
  await Promise.all(Array.from({ length: Number(values.lanes) }, lane));
  loads.push(loadavg()[0]);

  await Promise.all(
    results.map(async (result, n) => {
      await sleep(n * apartMs);
      result.naive = await asWritten(stage, result.one, seconds);
      tell(`naive ${result.one.title}: ${described(result.naive)}`);
    }),
  );
  loads.push(loadavg()[0]);

  // A busy moment of the machine is no wait for a lock: what was too long is measured again, alone.
  for (const result of planned.filter((one) => isBad(one.plan))) {
    tell(`again ${result.one.title}`);
    result.plan = await carried(stage, result.one, result.folder, seconds);
    tell(`plan  ${result.one.title}: ${described(result.plan)}`);
  }
  const bad = planned.filter((result) => isBad(result.plan));
  for (const { one, plan } of bad) tell(`NOT MET: ${one.title}: ${described(plan)}`);
  if (bad.length > 0) process.exitCode = 1;
  const table = tableOf(results);
  process.stdout.write(`\n${table}\n`);
  if (values.only === undefined) writeDocs(table);
} finally {
  application.end();
  await scratch.close();
}

function isBad({ longest, failures }) {
  return longest.ms > limitMs || failures.length > 0;
}

function described({ longest, count, failures }) {
  const failed = failures.map(([what, times]) => `; ${times} × ${what}`).join("");
  return `${longest.ms.toFixed(0)} ms of ${count} statements (${longest.sql})${failed}`;
}

function tell(text) {
  const at = ((performance.now() - began) / 1_000).toFixed(0).padStart(4);
  process.stdout.write(`${at} s  load ${loadavg()[0].toFixed(1)}  ${text}\n`);
}

function tableOf(results) {
  const lines = results.map(({ one, plan, naive }) => {
    const shown = plan === undefined ? "no online way" : shownMs(plan.longest.ms);
    const ratio = plan === undefined ? "" : `× ${shownRatio(naive.longest.ms / plan.longest.ms)}`;
    return `| ${one.title} | ${shown} | ${shownMs(naive.longest.ms)} | ${ratio} |`;
  });
  return [
    "| operation | longest wait with its plan | as written | ratio |",
    "| --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

function shownMs(ms) {
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

function shownRatio(ratio) {
  return ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0);
}

/** Everything between the markers. */
function writeDocs(table) {
  const file = new URL("../docs/stalls.md", import.meta.url);
  const text = readFileSync(file, "utf8");
  const [before, rest] = text.split("<!-- stalls -->\n");
  const after = rest.slice(rest.indexOf("<!-- /stalls -->"));
  const setting = `Postgres ${scratch.major}, ${rows.toLocaleString("en")} rows in each big table, \`lock_timeout\` ${lockTimeoutMs / 1_000} s, a reader of ${seconds} s; load average of the machine ${loads.map((load) => load.toFixed(1)).join(", ")} (before, after the plans, after the others).`;
  writeFileSync(file, `${before}<!-- stalls -->\n${setting}\n\n${table}\n${after}`);
}
