/** The team's config in every replay: what a real checkout has at its root. */
import { defineConfig } from "lockstep/config";

const { RELEASE = "v2", ROLL_OUT = "rollout", SHOP_URL, STAGING_URL } = process.env;

export default defineConfig({
  migrations: { folder: "migrations" },
  contract: { drizzle: `schema/${RELEASE}.ts`, env: ["STRIPE_WEBHOOK_SECRET"] },
  environments: {
    production: { urlEnv: "DATABASE_URL" },
    ...(STAGING_URL && { staging: { urlEnv: "STAGING_URL" } }),
  },
  // Customers never queue behind a migration for longer than this.
  runner: { lockTimeoutMs: 200 },
  deploy: {
    command: `hosting ${ROLL_OUT} ${RELEASE}`,
    rollback: "hosting rollout v1",
    probes: "shop/probes/*.probe.ts",
    baseUrl: SHOP_URL,
  },
});
