import { expect, it } from "vitest";
import { lastWords } from "../../src/processes/index.ts";

it("are a program's reason, not the stack below it", () => {
  const lines = [
    "Using environment: development",
    "Error: No configuration file found",
    "    at checkConfigurationOptions (/shop/node_modules/knex/bin/utils/cli-config-utils.js:109:11)",
    "    at initKnex (/shop/node_modules/knex/bin/cli.js:70:5)",
    "",
  ];
  expect(lastWords(lines, 1)).toBe("Error: No configuration file found");
  expect(lastWords(lines, 5)).toBe(lines.slice(0, 2).join("\n"));
  expect(lastWords([], 5)).toBe("");
});
