import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { defaultLimits, signalNames } from "../../src/backfill/index.ts";

it("docs/backfill.md has every limit, its defaults and its signal", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/backfill.md"), "utf8");
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| .* \| `([a-z-]+)` \| (\S+) \| (\S+) \|$/gm)];
  const shown = rows.map(([, , limit, slow, stop]) => [
    limit,
    { slow: of(slow!), stop: of(stop!) },
  ]);
  expect(Object.fromEntries(shown)).toEqual(defaultLimits);
  expect([...new Set(rows.map(([, signal]) => signal))]).toEqual(signalNames);
});

function of(text: string): number | null {
  return text === "–" ? null : Number(text);
}
