import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    // Every file that needs one boots its own server; two cores carry two of them.
    maxWorkers: 2,
    globalSetup: ["./test/support/scratch-home.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", "./scripts/closing-line-reporter.mjs"],
  },
});
