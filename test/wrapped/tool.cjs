/**
 * A migration tool in a few lines, with Knex's ledger: each file of `m` is run and noted in a transaction of its own.
 * Words on the command line make it misbehave.
 */
const { readdirSync } = require("node:fs");
const path = require("node:path");
const { Client } = require("pg");

const words = new Set(process.argv.slice(2));

async function main() {
  if (words.has("nothing")) return;
  const client = new Client({
    connectionString: process.env.DATABASE_URL,
    ...(words.has("own-name") ? { application_name: "tool" } : {}),
  });
  await client.connect();
  await client.query(
    "CREATE TABLE IF NOT EXISTS knex_migrations (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz)",
  );
  const { rows } = await client.query("SELECT name FROM knex_migrations");
  const done = new Set(rows.map(({ name }) => name));
  for (const file of readdirSync("m").filter((name) => !done.has(name))) {
    const { sql, settings } = require(path.resolve("m", file));
    if (settings !== undefined) await client.query(settings);
    await client.query("BEGIN");
    await client.query(sql);
    if (words.has("sleep")) await client.query("SELECT pg_sleep(60)");
    await client.query(
      "INSERT INTO knex_migrations (name, batch, migration_time) VALUES ($1, 1, now())",
      [file],
    );
    await client.query("COMMIT");
  }
  await client.end();
  if (words.has("exit-1")) process.exitCode = 1;
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
