/**
 * Applications at work, in a process of their own, so that nothing but the server makes their statements wait: on a
 * connection each, statements that read and write rows by their key, one after the other, timed by this process' clock.
 * Messages: { start, url, statements, rows }, { change, statements }, { stop } → { stopped, longest, count, failures }.
 */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

const gapMs = 15;
const applications = new Map();

class Application {
  longest = { ms: 0, sql: "" };
  count = 0;
  failures = new Map();
  #url;
  #rows;
  #loops = [];
  #round = { over: false };

  constructor(url, rows) {
    this.#url = url;
    this.#rows = rows;
  }

  async run(statements) {
    const round = { over: false };
    this.#round = round;
    const clients = await Promise.all(
      statements.map(async () => {
        const client = new pg.Client({
          connectionString: this.#url,
          application_name: "application",
        });
        await client.connect();
        return client;
      }),
    );
    this.#loops = clients.map((client, n) => this.#loop(client, statements[n], round));
  }

  async #loop(client, sql, round) {
    while (!round.over) {
      const key = 1 + Math.floor(Math.random() * this.#rows);
      const from = performance.now();
      try {
        await client.query(sql, [key]);
      } catch (error) {
        const what = `${sql}: ${error.message}`;
        this.failures.set(what, (this.failures.get(what) ?? 0) + 1);
      }
      const ms = performance.now() - from;
      this.count++;
      if (ms > this.longest.ms) this.longest = { ms, sql };
      await sleep(gapMs);
    }
    await client.end();
  }

  async halt() {
    this.#round.over = true;
    await Promise.all(this.#loops);
  }
}

async function answer({ id, start, url, statements, rows, change, stop }) {
  if (start !== undefined) applications.set(start, new Application(url, rows));
  const application = applications.get(start ?? change ?? stop);
  await application.halt();
  if (stop === undefined) await application.run(statements);
  else applications.delete(stop);
  const { longest, count, failures } = application;
  process.send({ id, longest, count, failures: [...failures] });
}

process.on("message", (message) => {
  void answer(message).catch((error) => process.send({ id: message.id, error: String(error) }));
});
process.on("disconnect", () => process.exit());
