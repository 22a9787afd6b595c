/** Settings of one instance of the shop. */
import { z } from "zod";
import { assetsDir } from "./home.ts";
import type { ReleaseName } from "./release.ts";

export interface Config {
  readonly release: ReleaseName;
  /** The payment provider's signing secret for webhooks (`whsec_…`). */
  readonly webhookSecret: string;
  /** A signed webhook older than this is a replay. */
  readonly webhookToleranceSeconds: number;
  /** Without one the operator page does not exist. */
  readonly operatorPassword: string | undefined;
  /** The address in the links that customers get. */
  readonly publicUrl: string;
  readonly storageDir: string;
  readonly tokenLifetimeHours: number;
  readonly maxDownloads: number;
  readonly recoveriesPerHour: number;
  /** Mails hold links; after this time their text is emptied. */
  readonly mailKeepMinutes: number;
  /** A paid order that is not delivered for this long is shown as stuck. */
  readonly stuckAfterSeconds: number;
  readonly jobs: {
    readonly maxAttempts: number;
    /** Before the second attempt; doubles with each further one. */
    readonly backOffMs: number;
    /** A running job whose worker has been silent for this long is given to another one. */
    readonly leaseMs: number;
  };
}

/** Everything but the secrets, for tests and local runs. */
export const defaults = {
  release: "v2",
  webhookToleranceSeconds: 300,
  operatorPassword: undefined,
  publicUrl: "http://127.0.0.1:3000",
  storageDir: assetsDir,
  tokenLifetimeHours: 72,
  maxDownloads: 3,
  recoveriesPerHour: 3,
  mailKeepMinutes: 60,
  stuckAfterSeconds: 30,
  jobs: { maxAttempts: 6, backOffMs: 1_000, leaseMs: 30_000 },
} as const satisfies Omit<Config, "webhookSecret">;

const environment = z.object({
  DATABASE_URL: z.string().min(1),
  STRIPE_WEBHOOK_SECRET: z.string().min(8),
  OPERATOR_PASSWORD: z.string().min(8).optional(),
  STOREFRONT_RELEASE: z.enum(["v1", "v2"]).default(defaults.release),
  STORAGE_DIR: z.string().default(defaults.storageDir),
  PUBLIC_URL: z.url().optional(),
  HOST: z.string().default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  /** 0: this process serves requests only. */
  WORKER_INTERVAL_MS: z.coerce.number().int().min(0).default(250),
  /** Longer than the longest job takes. */
  JOB_LEASE_MS: z.coerce.number().int().min(100).default(defaults.jobs.leaseMs),
});

export interface Environment {
  readonly databaseUrl: string;
  readonly host: string;
  readonly port: number;
  readonly workerIntervalMs: number;
  /** The public address is known only once the port is. */
  readonly configAt: (address: string) => Config;
}

/** Reads the process environment; throws one error that names every variable that is missing or wrong. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The environment is not complete. ${wrong.join("; ")}`);
  }
  const values = parsed.data;
  return {
    databaseUrl: values.DATABASE_URL,
    host: values.HOST,
    port: values.PORT,
    workerIntervalMs: values.WORKER_INTERVAL_MS,
    configAt: (address) => ({
      ...defaults,
      release: values.STOREFRONT_RELEASE,
      webhookSecret: values.STRIPE_WEBHOOK_SECRET,
      operatorPassword: values.OPERATOR_PASSWORD,
      storageDir: values.STORAGE_DIR,
      publicUrl: values.PUBLIC_URL ?? address,
      jobs: { ...defaults.jobs, leaseMs: values.JOB_LEASE_MS },
    }),
  };
}
