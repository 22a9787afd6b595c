/**
 * An application at work, in a process of its own: an open loop of transactions (a row is read, changed and committed) at a
 * fixed rate, each timed from the moment at which it was due, so that a stall counts for all who came meanwhile.
 * Usage: node bench/load.mjs URL ROWS PER_SECOND CONNECTIONS; a line on stdin ends a stretch and prints its latencies.
 */
import { createInterface } from "node:readline";
import pg from "pg";

const [url, rows, perSecond, connections] = process.argv.slice(2);
const pool = new pg.Pool({
  connectionString: url,
  max: Number(connections),
  application_name: "shop",
});
let latencies = [];
let due = performance.now();
const gap = 1_000 / Number(perSecond);

async function request(at) {
  const key = 1 + Math.floor(Math.random() * Number(rows));
  const client = await pool.connect();
  try {
    await client.query({ name: "read", text: "SELECT note FROM t WHERE id = $1", values: [key] });
    await client.query("BEGIN");
    await client.query({
      name: "write",
      text: "UPDATE t SET seen = seen + 1 WHERE id = $1",
      values: [key],
    });
    await client.query("COMMIT");
  } finally {
    client.release();
  }
  latencies.push(performance.now() - at);
}

setInterval(() => {
  for (; due <= performance.now(); due += gap) void request(due);
}, 2);
createInterface({ input: process.stdin }).on("line", () => {
  const sorted = latencies.sort((a, b) => a - b);
  latencies = [];
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const result = { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) };
  process.stdout.write(`${JSON.stringify(result)}\n`);
});
createInterface({ input: process.stdin }).on("close", () => process.exit());
