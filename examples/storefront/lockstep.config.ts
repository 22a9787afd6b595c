/** How the storefront is deployed; `deploy.command` is whatever puts a release into service where it runs. */
export default {
  migrations: { folder: "migrations", tool: "drizzle" },
  contract: { drizzle: "schema/v2.ts", env: ["STRIPE_WEBHOOK_SECRET"] },
  environments: { local: { urlEnv: "DATABASE_URL" } },
  deploy: {
    probes: "probes/storefront.probe.ts",
    baseUrl: process.env["BASE_URL"] ?? "http://127.0.0.1:3000",
  },
};
