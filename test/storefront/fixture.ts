import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import type { Hono } from "hono";
import pg from "pg";
import { createApp } from "../../examples/storefront/app.ts";
import type { Config } from "../../examples/storefront/config.ts";
import { defaults } from "../../examples/storefront/config.ts";
import { migrationsDir } from "../../examples/storefront/home.ts";
import type { Payment, SignedEvent } from "../../examples/storefront/played-provider.ts";
import { paymentSucceeded } from "../../examples/storefront/played-provider.ts";
import type { Tools } from "../../examples/storefront/probes/walk.ts";
import { linksIn } from "../../examples/storefront/probes/walk.ts";
import { seed } from "../../examples/storefront/seed.ts";
import type { Shop } from "../../examples/storefront/shop.ts";
import { openDatabase, openShop } from "../../examples/storefront/shop.ts";
import { drainJobs } from "../../examples/storefront/worker.ts";
import type { Scratch } from "../../src/scratch/index.ts";

export const secret = "whsec_storefront_tests";

/** How far the history of `migrations/` has been applied: a prefix of it, by number of files. */
export const schemas = { v1: 1, confirmedAtOnly: 2, v2: 3 } as const;

/** Applies the first `count` migrations with Drizzle's own runner, so that its ledger is true. */
export async function migrateTo(url: string, count: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "storefront-migrations-"));
  const client = new pg.Client({ connectionString: url });
  try {
    await cp(migrationsDir, folder, { recursive: true });
    const journalFile = join(folder, "meta", "_journal.json");
    const journal = JSON.parse(await readFile(journalFile, "utf8")) as { entries: unknown[] };
    const entries = journal.entries.slice(0, count);
    await writeFile(journalFile, JSON.stringify({ ...journal, entries }));
    await client.connect();
    await migrate(drizzle(client), { migrationsFolder: folder });
  } finally {
    await client.end();
    await rm(folder, { recursive: true });
  }
}

export interface Bought {
  readonly orderId: string;
  readonly email: string;
  readonly payment: Payment;
}

/** A shop in this process, on a database of its own, with catalogue and without a worker loop. */
export interface TestShop extends AsyncDisposable {
  readonly app: Hono;
  readonly shop: Shop;
  readonly url: string;
  /** What the shop logged. */
  readonly logged: { readonly event: string; readonly [field: string]: unknown }[];
  sql<Row = Record<string, unknown>>(text: string, params?: readonly unknown[]): Promise<Row[]>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, json: unknown, headers?: Record<string, string>): Promise<Response>;
  checkout(product?: string, email?: string): Promise<Bought>;
  send(event: SignedEvent): Promise<Response>;
  /** Checkout, payment, and all jobs. */
  buy(product?: string, email?: string): Promise<Bought>;
  /** Opens all connections of the pool: requests then meet in the database, and not in the queue before it. */
  warm(): Promise<void>;
  /** Links of the newest mail. */
  links(email: string): Promise<readonly string[]>;
  /** What a walk of the probes needs; waiting means running the queue. */
  readonly tools: Tools;
}

export interface TestShopOptions {
  readonly schema?: keyof typeof schemas;
  readonly config?: Partial<Config>;
}

export async function openTestShop(
  scratch: Scratch,
  { schema = "v2", config = {} }: TestShopOptions = {},
): Promise<TestShop> {
  const template = await scratch.template(`storefront-${schema}`, async (url) => {
    await migrateTo(url, schemas[schema]);
    await using database = openDatabase(url, { max: 1 });
    await seed(database.db);
  });
  const database = await scratch.createDatabase({ template });
  return attach(database.url, config, () => database.drop());
}

/** A shop on a database that exists, for instance a second release beside the first. */
export function attach(
  url: string,
  config: Partial<Config> = {},
  drop: () => Promise<void> = async () => {},
): TestShop {
  const database = openDatabase(url);
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on("error", () => {});
  const logged: TestShop["logged"] = [];
  const dependencies = {
    db: database.db,
    config: { ...defaults, webhookSecret: secret, ...config },
    log: (event: string, fields?: object) => void logged.push({ event, ...fields }),
  };
  const app = createApp(dependencies);
  const shop = openShop(dependencies);

  const get = async (path: string, headers: Record<string, string> = {}) =>
    app.request(path, { headers });
  const post = async (path: string, json: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(json),
    });
  const send = async (event: SignedEvent) =>
    app.request("/webhooks/payments", { method: "POST", headers: event.headers, body: event.body });
  const sql: TestShop["sql"] = async <Row>(text: string, params: readonly unknown[] = []) =>
    (await pool.query(text, [...params])).rows as Row[];
  const checkout: TestShop["checkout"] = async (
    product = "icon-set",
    email = `${crypto.randomUUID()}@example.com`,
  ) => {
    const answer = await post(
      "/checkout",
      { email, products: [product] },
      { "idempotency-key": crypto.randomUUID() },
    );
    if (answer.status !== 201) throw new Error(`checkout: ${await answer.text()}`);
    return { ...((await answer.json()) as Omit<Bought, "email">), email };
  };

  return {
    app,
    shop,
    url,
    logged,
    sql,
    get,
    post,
    checkout,
    send,
    async buy(product, email) {
      const bought = await checkout(product, email);
      await send(paymentSucceeded(bought.payment, { secret }));
      await drainJobs(shop);
      return bought;
    },
    async warm() {
      const naps = Array.from({ length: 10 }, () => shop.db.execute("SELECT pg_sleep(0.1)"));
      await Promise.all(naps);
    },
    async links(email) {
      const [mail] = await sql<{ body: string }>(
        "SELECT body FROM mails WHERE recipient = $1 ORDER BY created_at DESC LIMIT 1",
        [email],
      );
      return linksIn(mail?.body ?? "");
    },
    tools: {
      http: {
        get: async (path) => readAnswer(await get(path)),
        post: async (path, { json, body, headers = {} } = {}) =>
          readAnswer(
            json === undefined
              ? await app.request(path, { method: "POST", headers, body: body ?? null })
              : await post(path, json, headers),
          ),
      },
      sql,
      async eventually(check) {
        for (let tries = 1; ; tries += 1) {
          await drainJobs(shop);
          try {
            return await check();
          } catch (error) {
            if (tries === 5) throw error;
            await sleep(20);
          }
        }
      },
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
      await database[Symbol.asyncDispose]();
      await drop();
    },
  };
}

async function readAnswer(answer: Response) {
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    text: () => text,
    json: <Body>() => JSON.parse(text) as Body,
  };
}

/** The stable code of a refusal. */
export async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { error: { code: string } }).error.code;
}
