import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../support/folder.ts";
import { readMeasured } from "./support-facts.ts";
import { locksPage, locksPageFile } from "./support-page.ts";
import { readForms } from "./support.ts";

it("docs/locks.md shows the measured facts", async () => {
  using folder = temporaryFolder({ "locks.md": locksPage(await readForms(), readMeasured()) });
  execFileSync("npx", ["oxfmt", `${folder.path}/locks.md`], { stdio: "ignore" });
  expect(readFileSync(`${folder.path}/locks.md`, "utf8")).toBe(readFileSync(locksPageFile, "utf8"));
});
