/**
 * The storefront between two releases: a naive migration with a renamed column, NOT NULL, unique constraints and int →
 * bigint keys with referencing tables becomes a plan, which `lockstep deploy` carries while people buy from both
 * releases: its deploy command puts the new release into service beside the old one.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { migrationsDir } from "../../../examples/storefront/home.ts";
import { releases } from "../../../examples/storefront/release.ts";
import { seed } from "../../../examples/storefront/seed.ts";
import { openDatabase } from "../../../examples/storefront/shop.ts";
import type { RuntimeContract } from "../../../src/runtime/index.ts";
import type { Scratch } from "../../../src/scratch/index.ts";
import { Product } from "../../deploy/product.ts";
import { contracts, naiveMigration, olderForm, olderRelease } from "./older-release.ts";
import { startRelease, type Done, type RunningRelease } from "./running-release.ts";

export interface Carried {
  readonly older: Done;
  readonly newer: Done;
  /** What the deploy printed, and what it left in the database: each verified release and how each run ended. */
  readonly deploy: {
    readonly text: string;
    readonly verified: readonly string[];
    readonly runs: readonly string[];
  };
  /** What was asked too early said. */
  readonly refusal: { readonly exitCode: number; readonly text: string };
  readonly finish: { readonly exitCode: number; readonly text: string };
  /** Rows whose two forms differed while both releases ran. */
  readonly differed: number;
  /** Digests of what was in the tables at first: before the plan, and at the end. */
  readonly before: unknown;
  readonly after: unknown;
  /** In the database at the end: columns as they are named and typed, constraints, and what is wrong. */
  readonly end: Readonly<Record<string, unknown>>;
  /** How long each command took, in s. */
  readonly seconds: Readonly<Record<string, number>>;
}

/** @param rows - how many rows the tables of the migration hold in all before it begins */
export async function carryUnderCustomers(
  scratch: Scratch,
  rows: number,
  tell: (text: string) => void = () => {},
): Promise<Carried> {
  const seconds: Record<string, number> = {};
  await using product = await Product.make(scratch, {
    migrations: {
      "0001_shop.sql": readFileSync(join(migrationsDir, "0000_shop.sql"), "utf8"),
      "0002_older_form.sql": olderForm,
    },
    contract: contracts.older,
  });
  const run = async (name: string, argv: readonly string[]) => {
    const start = performance.now();
    const result = await product.run(argv);
    seconds[name] = Math.round((performance.now() - start) / 100) / 10;
    tell(`${name}: exit code ${result.exitCode} after ${seconds[name]} s`);
    return result;
  };
  const succeed = async (name: string, argv: readonly string[]) => {
    const { exitCode, stdout, stderr } = await run(name, argv);
    if (exitCode !== 0) throw new Error(`${name}\n${stdout}\n${stderr}`);
    return stdout;
  };
  const built = async (release: string) => {
    const output = `${release}.json`;
    const argv = ["contract", "build", "--release", release, "--output", output];
    await succeed(`contract of ${release}`, argv);
    const file = join(product.folder.path, output);
    return JSON.parse(readFileSync(file, "utf8")) as RuntimeContract;
  };

  await succeed("deploy of the older release", ["deploy", "--release", "older"]);
  await fill(product, rows);
  const before = await digest(product, "amount_cents");
  const olderContract = await built("older");
  await using host = await Host.open(async () =>
    startRelease({
      url: product.url,
      release: releases.v1,
      contract: await built("newer"),
      numberType: "bigint",
    }),
  );
  product.write({
    migrations: { "0003_shop.sql": naiveMigration },
    contract: contracts.newer,
    deploy: { command: host.command, rollback: "false" },
    probes,
    // Other tests are to give up soon; here customers hold the locks in turns.
    runner: { attempts: 20, retryForMs: 120_000 },
  });
  await succeed("plan", ["plan", "migrations/0003_shop.sql", "--pg", String(scratch.major)]);

  await using older = await startRelease({
    url: product.url,
    release: olderRelease,
    contract: olderContract,
    numberType: "integer",
  });
  await older.served(3);
  const deployed = await succeed("deploy of the newer release", ["deploy", "--release", "newer"]);
  const { newer } = host;
  if (newer === undefined) throw new Error(`no release was started:\n${deployed}`);
  await Promise.all([older.served(20), newer.served(20)]);
  const [both] = await product.ask<{ differed: number }>(
    "SELECT count(*)::int AS differed FROM orders WHERE amount_cents IS DISTINCT FROM total_cents",
  );
  const early = await run("end asked too early", ["migrate", "--phase", "contract"]);
  await Promise.all([older.served(3), newer.served(3)]);
  const olderDone = await older.stop();
  const late = await run("end", ["migrate", "--phase", "contract"]);
  await newer.served(20);
  const newerDone = await newer.stop();
  return {
    older: olderDone,
    newer: newerDone,
    deploy: { text: deployed, ...(await product.record()) },
    refusal: { exitCode: early.exitCode, text: early.stderr },
    finish: { exitCode: late.exitCode, text: late.stdout + late.stderr },
    differed: both!.differed,
    before,
    after: await digest(product, "total_cents"),
    end: await lookAtTheEnd(product, [...olderDone.invoices.keys(), ...newerDone.invoices.keys()]),
    seconds,
  };
}

/** Where the new release is put into service: `command`, run by a shell, starts it and waits until it serves. */
class Host implements AsyncDisposable {
  readonly command: string;
  newer: RunningRelease | undefined;
  readonly #server: Server;

  private constructor(server: Server, start: () => Promise<RunningRelease>) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    const call = `fetch('http://127.0.0.1:${port}').then(async (answer) => { console.log(await answer.text()); process.exit(answer.ok ? 0 : 1); })`;
    this.command = `"${process.execPath}" -e "${call}"`;
    server.on("request", (_request, answer) => {
      const begin = async () => {
        this.newer = await start();
        return answer.end("it serves");
      };
      begin().catch((error: unknown) => answer.writeHead(500).end(String(error)));
    });
  }

  static async open(start: () => Promise<RunningRelease>): Promise<Host> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Host(server, start);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.newer?.[Symbol.asyncDispose]();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** What the new release does is there in its own form, and in the old one. */
const probes = `[
  {
    name: "an invoice of the new release has its lines",
    touches: ["public.invoices.id", "public.invoice_lines.invoice_id", "public.invoice_mails.invoice_id"],
    async run({ sql, eventually }) {
      await eventually(async () => {
        const rows = await sql(
          "SELECT i.id FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id JOIN invoice_mails m ON m.invoice_id = i.id WHERE i.number LIKE 'newer-%' GROUP BY i.id HAVING sum(l.cents) = 319 LIMIT 3",
        );
        if (rows.length < 3) throw new Error("only " + rows.length + " invoices have their lines");
      });
    },
  },
  {
    name: "an order is delivered by a job, with one sum in both columns",
    touches: ["public.orders.total_cents", "public.orders.currency", "public.payments.intent_id", "public.payments.order_id", "public.jobs.id"],
    async run({ sql, eventually }) {
      await eventually(async () => {
        const rows = await sql(
          "SELECT o.total_cents, o.amount_cents, p.amount_cents AS paid FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.status = 'fulfilled' AND o.checkout_key NOT LIKE 'bulk-%' LIMIT 3",
        );
        if (rows.length < 3) throw new Error("only " + rows.length + " orders were delivered");
        for (const { total_cents, amount_cents, paid } of rows)
          if (total_cents !== amount_cents || paid !== amount_cents) throw new Error(total_cents + ", " + amount_cents + ", " + paid);
      });
    },
  },
]`;

/** A sixth of the rows for each of six tables, orders that were delivered long ago; and the catalogue. */
async function fill(product: Product, rows: number): Promise<void> {
  await using database = openDatabase(product.url, { max: 1 });
  await seed(database.db);
  const each = Math.floor(rows / 6);
  for (const sql of [
    `INSERT INTO customers (email) SELECT 'bulk-' || n FROM generate_series(1, 100) n`,
    `INSERT INTO orders (customer_id, status, amount_cents, currency, checkout_key, created_at, paid_at, fulfilled_at)
     SELECT c.id, 'fulfilled', 1 + n % 9900, 'eur', 'bulk-' || n, now(), now(), now()
       FROM generate_series(1, ${each}) n JOIN customers c ON c.email = 'bulk-' || (1 + n % 100)`,
    `INSERT INTO payments (order_id, intent_id, status, amount_cents, currency)
     SELECT id, checkout_key, 'succeeded', amount_cents, currency FROM orders`,
    `INSERT INTO jobs (kind, idempotency_key, payload, status, max_attempts)
     SELECT 'deliver-order', checkout_key, '{}', 'done', 6 FROM orders`,
    `INSERT INTO invoices (order_id, number) SELECT id, checkout_key FROM orders`,
    `INSERT INTO invoice_lines (invoice_id, cents) SELECT id, id % 1000 FROM invoices`,
    `INSERT INTO invoice_mails (invoice_id, sent_at) SELECT id, now() FROM invoices`,
    "ANALYZE",
  ])
    await product.ask(sql);
}

/** What must not change of the rows that were there before. */
async function digest(product: Product, sum: "amount_cents" | "total_cents"): Promise<unknown> {
  const hash = (text: string) => `sum(pg_catalog.hashtextextended(${text}, 0))::text`;
  const bulk = `(SELECT id FROM orders WHERE checkout_key LIKE 'bulk-%')`;
  return product.ask(
    `SELECT
       (SELECT ${hash(`concat_ws('|', id, ${sum}, currency, checkout_key)`)} FROM orders WHERE checkout_key LIKE 'bulk-%') AS orders,
       (SELECT ${hash("concat_ws('|', id, order_id, amount_cents)")} FROM payments WHERE order_id IN ${bulk}) AS payments,
       (SELECT ${hash("concat_ws('|', id, idempotency_key)")} FROM jobs WHERE idempotency_key LIKE 'bulk-%') AS jobs,
       (SELECT ${hash("concat_ws('|', i.id, i.order_id, l.id, l.invoice_id, l.cents, m.invoice_id, m.sent_at)")}
          FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id JOIN invoice_mails m ON m.invoice_id = i.id
         WHERE i.number LIKE 'bulk-%') AS invoices`,
  );
}

async function lookAtTheEnd(
  product: Product,
  numbers: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const [row] = await product.ask(
    `SELECT
       (SELECT count(*)::int FROM orders WHERE status = 'paid') AS undelivered,
       (SELECT count(*)::int FROM orders o JOIN payments p ON p.order_id = o.id WHERE p.amount_cents <> o.total_cents) AS "sums that differ",
       (SELECT count(*)::int FROM invoices WHERE number NOT LIKE 'bulk-%') AS invoices,
       (SELECT count(*)::int FROM invoices i WHERE number IN (${["NULL", ...numbers.map((number) => `'${number}'`)].join(", ")})
           AND (SELECT sum(cents) FROM invoice_lines WHERE invoice_id = i.id) = 319) AS "invoices with their lines",
       (SELECT string_agg(format('%s.%s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attrelid::regclass::text, attname)
          FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND (attrelid::regclass::text, attname) IN
            (('orders', 'total_cents'), ('orders', 'amount_cents'), ('jobs', 'id'), ('invoices', 'id'),
             ('invoice_lines', 'invoice_id'), ('invoice_mails', 'invoice_id'))) AS columns,
       (SELECT attnotnull FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'currency') AS "currency is required",
       (SELECT count(*)::int FROM pg_constraint WHERE conrelid = 'payments'::regclass AND contype = 'u') AS "unique constraints of payments",
       (SELECT count(*)::int FROM pg_constraint WHERE contype = 'f' AND confrelid = 'invoices'::regclass AND convalidated) AS "keys to invoices",
       (SELECT count(*)::int FROM pg_trigger WHERE NOT tgisinternal) AS triggers`,
  );
  return row!;
}
