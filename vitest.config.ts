import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    // Every file that needs one boots its own server, and waits for it much of the time: three of them fill two cores.
    maxWorkers: 3,
    // A file leaves nothing behind in its process that another would see; loading all modules anew for each took a third of the CPU.
    isolate: false,
    globalSetup: ["./test/support/scratch-home.ts"],
    setupFiles: ["./test/support/property-seed.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", "./scripts/closing-line-reporter.mjs"],
  },
});
