/**
 * Simulated customers as a process. It prints one line of JSON at the end and exits with 1 when a paid order
 * was not delivered.
 */
import pg from "pg";
import { z } from "zod";
import { expectLoopback, runCustomers } from "./customers.ts";

const environment = z.object({
  BASE_URL: z.url().default("http://127.0.0.1:3000"),
  /** The shop's database, whose table of mails is the customers' mailbox. */
  DATABASE_URL: z.string().min(1),
  STRIPE_WEBHOOK_SECRET: z.string().min(8),
  CUSTOMERS: z.coerce.number().default(100),
  CONCURRENCY: z.coerce.number().int().min(1).max(64).default(4),
  PRODUCTS: z.string().default("icon-set,interface-kit"),
  PAUSE_MS: z.coerce.number().min(0).default(0),
});

const settings = environment.parse(process.env);
expectLoopback(settings.DATABASE_URL);
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

const pool = new pg.Pool({ connectionString: settings.DATABASE_URL, max: 2 });
try {
  const tally = await runCustomers({
    baseUrl: settings.BASE_URL,
    webhookSecret: settings.STRIPE_WEBHOOK_SECRET,
    mailbox: async (email) => {
      const { rows } = await pool.query<{ body: string }>(
        "SELECT body FROM public.mails WHERE recipient = $1 ORDER BY created_at DESC LIMIT 1",
        [email],
      );
      return rows[0]?.body;
    },
    customers: settings.CUSTOMERS,
    concurrency: settings.CONCURRENCY,
    products: settings.PRODUCTS.split(","),
    pauseMs: settings.PAUSE_MS,
    signal: stop.signal,
  });
  console.log(JSON.stringify(tally));
  process.exitCode = tally.undelivered.length > 0 ? 1 : 0;
} finally {
  await pool.end();
}
