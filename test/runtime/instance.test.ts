import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseContract } from "../../src/contract/index.ts";
import { installLedger, runningReleases } from "../../src/ledger/index.ts";
import { registerInstance } from "../../src/runtime/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { makeShop } from "./database.ts";

let scratch: Scratch;

/** Waits for what a heartbeat brings about; the test's own time limit ends it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20);
}

beforeAll(async () => {
  scratch = await startScratch({ major: 14 });
});

afterAll(async () => scratch.close());

describe("registerInstance", () => {
  it("tells which release runs, with its contract, as a role without grants", async () => {
    const shop = await makeShop(scratch, { ledger: true });
    const pool = new pg.Pool({ connectionString: shop.appUrl, max: 1 });
    const { instance, stop } = await registerInstance(pool, shop.contract, { intervalMs: 20 });
    const running = () => runningReleases(shop.session, { environment: "test", ttlMs: 60_000 });
    const [release, ...others] = await running();
    expect(others).toEqual([]);
    expect(release).toMatchObject({
      contractHash: shop.contract.hash,
      release: "v7",
      instances: 1,
    });
    expect(parseContract(release!.contract, "the ledger").hash).toBe(shop.contract.hash);
    const seen = async () =>
      (await shop.session.query("SELECT seen_at FROM lockstep.instance WHERE id = $1", [instance]))
        .rows;
    const first = JSON.stringify(await seen());
    await until(async () => JSON.stringify(await seen()) !== first);
    await stop();
    await stop();
    expect(await running()).toEqual([]);
    await pool.end();
    await shop.session.close();
  });

  it("only warns while schema lockstep is absent, and registers when it appears", async () => {
    const shop = await makeShop(scratch, { ledger: false });
    const pool = new pg.Pool({ connectionString: shop.appUrl, max: 1 });
    const warnings: string[] = [];
    const { stop } = await registerInstance(pool, shop.contract, {
      intervalMs: 20,
      onWarning: (message) => warnings.push(message),
    });
    await sleep(100);
    expect(warnings).toEqual(['this instance is not registered: schema "lockstep" does not exist']);
    await installLedger(shop.session);
    await until(async () => {
      const running = await runningReleases(shop.session, { environment: "test", ttlMs: 60_000 });
      return running[0]?.instances === 1;
    });
    await stop();
    await pool.end();
    await shop.session.close();
  });

  it("never throws, whatever becomes of the connection", async () => {
    const shop = await makeShop(scratch, { ledger: true });
    const client = new pg.Client(shop.appUrl);
    await client.connect();
    await client.end();
    const warnings: string[] = [];
    const { stop } = await registerInstance(client, shop.contract, {
      intervalMs: 10,
      onWarning: (message) => warnings.push(message),
    });
    await sleep(50);
    await stop();
    expect(warnings).toHaveLength(1);
    await shop.session.close();
  });
});

describe("the functions of schema lockstep", () => {
  it("give the application no way to the tables, to other instances or beyond bounds", async () => {
    const shop = await makeShop(scratch, { ledger: true });
    const client = new pg.Client(shop.appUrl);
    await client.connect();
    const { hash } = shop.contract;
    const refused = async (text: string, values: unknown[] = []) =>
      client.query(text, values).then(
        () => "accepted",
        (error: { code: string }) => error.code,
      );
    await shop.session.query("SELECT lockstep.beat('other', $1, 'v1')", [hash]);
    await client.query("SELECT lockstep.leave('other')");
    expect(await refused("SELECT lockstep.beat('other', $1, 'v2')", [hash])).toBe("23505");
    expect((await shop.session.query("SELECT release FROM lockstep.instance")).rows).toEqual([
      { release: "v1" },
    ]);
    expect(await refused("SELECT * FROM lockstep.instance")).toBe("42501");
    expect(await refused("SELECT * FROM lockstep.contract")).toBe("42501");
    expect(await refused("INSERT INTO lockstep.verified SELECT")).toBe("42501");
    expect(await refused("SELECT lockstep.beat('me', 'not a hash', 'v1')")).toBe("22023");
    expect(await refused("SELECT lockstep.beat($1, $2, 'v1')", ["x".repeat(201), hash])).toBe(
      "22023",
    );
    expect(await refused("SELECT lockstep.beat('me', $1, $2)", [hash, "x".repeat(201)])).toBe(
      "22023",
    );
    expect(
      await refused("SELECT lockstep.offer_contract($1, 'v1', '{\"hash\": \"other\"}')", [hash]),
    ).toBe("22023");
    expect(
      await refused("SELECT lockstep.note_verified($1, '{public}', '{}', '{}', '{}', $2)", [
        hash,
        "x".repeat(501),
      ]),
    ).toBe("22023");
    await client.end();
    await shop.session.close();
  });
});
