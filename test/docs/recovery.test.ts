import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

it("docs/recovery.md names tests that are there", () => {
  const page = readFileSync(join(root, "docs/recovery.md"), "utf8");
  const rows = [...page.matchAll(/\| `(test\/[\w./-]+)`: (.+?) \|$/gm)];
  expect(rows.length).toBeGreaterThan(20);
  for (const [, file, name] of rows)
    expect(readFileSync(join(root, file!), "utf8"), name).toContain(name);
});
