import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { measuredForms } from "../../src/rules/measured/forms.ts";
import { partsOfForm } from "../../src/rules/measured/parts-of-form.ts";
import { isMeasured } from "../../src/rules/measured/is-measured.ts";
import { parseSql } from "../../src/sql/index.ts";
import { factsOn, readMeasured } from "../effects/matrix/support-facts.ts";
import { readForms } from "../effects/matrix/support.ts";

const file = join(import.meta.dirname, "../../src/rules/measured/forms.ts");

it("is the list of what the matrix has measured (LOCKSTEP_WRITE_DOCS=1 writes it)", async () => {
  const measured = readMeasured();
  const byPart = new Map<string, number[]>();
  for (const { id, statement, majors } of await readForms())
    for (const part of partsOfForm(statement))
      for (const major of majors)
        if (factsOn(measured[id] ?? [], major) !== undefined)
          byPart.set(part, [...(byPart.get(part) ?? []), major]);
  const found = Object.fromEntries(
    [...byPart]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([part, all]) => [part, [Math.min(...all), Math.max(...all)]]),
  );
  if (process.env["LOCKSTEP_WRITE_DOCS"] !== undefined) {
    const text = readFileSync(file, "utf8");
    const at = text.lastIndexOf("= {") + 2;
    const lines = Object.entries(found).map(
      ([part, range]) => `  "${part}": [${range.join(", ")}],`,
    );
    writeFileSync(file, `${text.slice(0, at)}{\n${lines.join("\n")}\n};\n`);
  } else expect(measuredForms).toEqual(found);
});

it.each([
  ["ALTER TABLE t ADD COLUMN a int, ALTER COLUMN b SET NOT NULL", 14, true],
  ["CREATE INDEX CONCURRENTLY i ON t (a)", 18, true],
  ["ALTER TABLE t ALTER COLUMN a SET EXPRESSION AS (b)", 14, true],
  ["CREATE TEXT SEARCH PARSER p (START = a, GETTOKEN = b, END = c, LEXTYPES = d)", 18, false],
  ["DO $$ BEGIN NULL; END $$", 18, false],
] as const)("%s on %i: %s", async (sql, major, expected) => {
  const [statement] = await parseSql(sql, "test.sql");
  expect(isMeasured(statement!, major)).toBe(expected);
});
