import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { observedTable, packageOf, readObserved } from "./observed.ts";
import { projects } from "./projects.ts";

const observed = readObserved();

it("was observed of every tool, as it is installed", () => {
  const require = createRequire(import.meta.url);
  for (const { tool, version } of projects) {
    expect(observed[tool]!.version).toBe(version);
    const folder = require.resolve
      .paths("x")!
      .map((place) => `${place}/${packageOf[tool] ?? tool}/package.json`);
    const installed = folder.flatMap((path) => {
      try {
        return [(JSON.parse(readFileSync(path, "utf8")) as { version: string }).version];
      } catch {
        return [];
      }
    });
    expect(installed[0], tool).toBe(version);
  }
});

it("is the table of the docs", () => {
  const page = readFileSync("docs/tools.md", "utf8");
  const table = /<!-- programs -->\n\n([^]*?)\n\n<!-- \/programs -->/.exec(page)?.[1];
  expect(table).toBe(observedTable(observed));
});
