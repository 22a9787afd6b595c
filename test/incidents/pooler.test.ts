import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startStandIn } from "../../examples/incidents/pooler-stand-in.ts";
import { findPgBouncer, startPooler, type Pooler } from "../../examples/incidents/pooler.ts";
import { refuseTransactionPooler } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";

let server: Scratch;
beforeAll(async () => {
  server = await startScratch();
});
afterAll(async () => {
  await server.close();
});

async function connect(pooler: Pooler): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: pooler.url });
  await client.connect();
  return client;
}

async function backendOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]!.pid;
}

describe("the stand-in for PgBouncer", () => {
  it("lends a connection for one transaction and hands on what a session left in it", async () => {
    await using pooler = await startStandIn({ url: server.url, size: 2 });
    const [first, second] = [await connect(pooler), await connect(pooler)];
    await first.query("BEGIN");
    const busy = await backendOf(first);
    expect(await backendOf(second)).not.toBe(busy);
    expect(await backendOf(first)).toBe(busy);
    await first.query("SELECT pg_advisory_lock(1)");
    await first.query("COMMIT");
    await first.end();
    expect(await backendOf(second)).toBe(busy);
    const { rows } = await second.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'");
    expect(rows).toHaveLength(1);
    await second.end();
  });

  it("keeps the answers of clients apart that outnumber its connections", async () => {
    await using pooler = await startStandIn({ url: server.url, size: 2 });
    const clients = await Promise.all([0, 10, 20, 30].map(() => connect(pooler)));
    const answers = await Promise.all(
      clients.map(async (client, number) => {
        const own: number[] = [];
        for (const turn of [1, 2, 3]) {
          const text = "SELECT $1::int AS n, pg_sleep(0.01)";
          const { rows } = await client.query<{ n: number }>(text, [number * 10 + turn]);
          own.push(rows[0]!.n);
        }
        return own;
      }),
    );
    expect(answers).toEqual([
      [1, 2, 3],
      [11, 12, 13],
      [21, 22, 23],
      [31, 32, 33],
    ]);
    await Promise.all(clients.map((client) => client.end()));
  });

  it("is recognised as a transaction pooler, like the real one", async () => {
    await using pooler = await startStandIn({ url: server.url });
    expect(pooler).toMatchObject({ real: false, name: expect.stringContaining("stand-in") });
    await expect(refuseTransactionPooler({ url: pooler.url })).rejects.toMatchObject({
      code: "pooler-transaction-mode",
    });
  });
});

it("takes PgBouncer wherever it is installed, and the stand-in only where not", async () => {
  await using pooler = await startPooler({ url: server.url });
  expect(pooler.real).toBe(findPgBouncer() !== undefined);
  expect(findPgBouncer("/nowhere", [])).toBeUndefined();
});
