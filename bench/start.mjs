/**
 * The runtime module's check at application start, on an open connection: the quick one as the first statement of a
 * new connection and again on the same, and the full one that runs when the catalog was changed. At several sizes of
 * the contract, and with a small contract in the largest database.
 * Usage: npm run --silent build && node bench/start.mjs [--rounds 15 --tables 100,1000,10000]
 */
import pg from "pg";
import { parseArgs } from "node:util";
import { buildContract, contractParts } from "../dist/contract/index.js";
import { introspect } from "../dist/catalog/index.js";
import { installLedger } from "../dist/ledger/index.js";
import { assertContract } from "../dist/runtime/index.js";
import { startScratch } from "../dist/scratch/index.js";
import { Session } from "../dist/pg/index.js";
import { median } from "./measure.mjs";
import { load, schemaSql } from "./schema.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    tables: { type: "string", default: "100,1000,10000" },
  },
});
const rounds = Number(values.rounds);
const sizes = values.tables.split(",").map(Number);
const scratch = await startScratch();

async function measure(url, contract, label) {
  const full = await once(url, contract);
  const first = [];
  const again = [];
  for (let round = 0; round < rounds; round++) {
    const client = new pg.Client(url);
    await client.connect();
    await client.query("SELECT 1");
    first.push(await timed(client, contract));
    again.push(await timed(client, contract));
    await client.end();
  }
  const show = (list) =>
    `${median(list).toFixed(1)} ms (${Math.min(...list).toFixed(1)}–${Math.max(...list).toFixed(1)})`;
  process.stdout.write(
    `  ${label.padEnd(38)} first ${show(first)}, again ${show(again)}, full check ${full.toFixed(0)} ms\n`,
  );
}

async function once(url, contract) {
  const client = new pg.Client(url);
  await client.connect();
  await client.query("SELECT 1");
  const ms = await timed(client, contract);
  await client.end();
  return ms;
}

async function timed(client, contract) {
  const started = performance.now();
  await assertContract(client, contract);
  return performance.now() - started;
}

process.stdout.write(`check at application start, Postgres ${scratch.major}\n`);
for (const size of sizes) {
  const { url } = await scratch.createDatabase();
  const session = await Session.open({ url, applicationName: "bench" });
  await load(session, schemaSql(size));
  await session.query("VACUUM ANALYZE");
  await installLedger(session);
  const catalog = await introspect(session, { parts: contractParts, schemas: ["public"] });
  const contract = await buildContract({
    source: { kind: "catalog", catalog },
    release: "bench",
    scratch,
    root: ".",
  });
  await session.close();
  await measure(url, contract, `contract of ${size} tables`);
  if (size === Math.max(...sizes) && size > 50) {
    const few = { ...contract, hash: "f".repeat(64), tables: contract.tables.slice(0, 50) };
    await measure(url, few, `contract of 50 tables among ${size}`);
  }
}
await scratch.close();
