import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readMeasured } from "./support-facts.ts";
import { locksPage, locksPageFile } from "./support-page.ts";
import { readForms } from "./support.ts";

it("docs/locks.md shows the measured facts", async () => {
  const page = locksPage(await readForms(), readMeasured());
  expect(readFileSync(locksPageFile, "utf8") === page).toBe(true);
});
