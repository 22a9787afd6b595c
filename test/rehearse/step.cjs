/**
 * A pipeline's own step in a few lines: applies each file of `migrations` that node-pg-migrate's ledger has not, and notes it there. Words on the
 * command line make it misbehave.
 */
const { readdirSync, readFileSync } = require("node:fs");
const { Client } = require("pg");

const words = process.argv.slice(2);
const has = (word) => words.includes(word);

async function main() {
  if (has("nothing")) return;
  if (has("elsewhere")) console.log(`goes to ${words[1]}`);
  if (has("hang")) console.log("waits");
  if (has("hang")) await new Promise((resolve) => setTimeout(resolve, 600_000));
  const client = new Client({
    connectionString: has("elsewhere") ? words[1] : process.env.DATABASE_URL,
  });
  await client.connect();
  if (has("plain")) {
    const files = readdirSync("migrations").toSorted();
    await client.query(readFileSync(`migrations/${files.at(-1)}`, "utf8"));
    console.log("a row: 4711");
    return client.end();
  }
  const { rows } = await client.query("SELECT name FROM pgmigrations");
  const done = new Set(rows.map(({ name }) => name));
  for (const file of readdirSync("migrations").toSorted()) {
    const name = file.replace(/\.sql$/, "");
    if (done.has(name)) continue;
    if (has("half") && name.startsWith("3")) throw new Error("gave up");
    await client.query(readFileSync(`migrations/${file}`, "utf8"));
    await client.query("INSERT INTO pgmigrations (name, run_on) VALUES ($1, now())", [name]);
  }
  if (has("more"))
    await client.query("UPDATE item SET price = price + 1; CREATE TABLE seed (id int)");
  await client.end();
  console.log("migrated");
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
