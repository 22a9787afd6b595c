import { defineConfig } from "drizzle-kit";

/** Drizzle Kit reads the newest release's schema; its folder is the history of all releases. */
export default defineConfig({
  dialect: "postgresql",
  schema: "./schema/v2.ts",
  out: "./migrations",
  dbCredentials: { url: process.env["DATABASE_URL"] ?? "" },
});
