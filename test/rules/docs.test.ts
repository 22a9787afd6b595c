import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rules } from "../../src/rules/index.ts";
import { ruleTable, unionTable, withSection } from "./support-docs.ts";

const docs = join(import.meta.dirname, "../../docs");

test("docs/rules.md lists every rule and every case (LOCKSTEP_WRITE_DOCS=1 writes it)", () => {
  const file = join(docs, "rules.md");
  const page = readFileSync(file, "utf8");
  const written = withSection(withSection(page, "rules", ruleTable()), "union", unionTable());
  if (process.env["LOCKSTEP_WRITE_DOCS"] !== undefined) writeFileSync(file, written);
  else expect(page).toBe(written);
});

test("every rule has a page that begins with its id and says how to suppress it", () => {
  const lacking = rules.filter(({ id }) => {
    const file = join(docs, "rules", `${id}.md`);
    if (!existsSync(file)) return true;
    const page = readFileSync(file, "utf8");
    const parts = ["## What", "## Why", "## Instead", "## When to suppress"];
    return !page.startsWith(`# ${id}\n`) || parts.some((part) => !page.includes(`\n${part}\n`));
  });
  expect(lacking.map(({ id }) => id)).toEqual([]);
});

test("ids are in order, each once, and rules are superseded by name", () => {
  const ids = rules.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort());
  const named = rules.flatMap(({ supersedes = [] }) => supersedes).filter((id) => id !== "*");
  expect(named.filter((id) => !ids.includes(id))).toEqual([]);
});
