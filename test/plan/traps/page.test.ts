import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/traps.md"), "utf8");
const rows = [...page.matchAll(/^\| T(\d+) \| (.+) \| (.+) \| (.+) \|$/gm)].map(
  ([, number, , , tests]) => ({
    number: Number(number),
    files: [...tests!.matchAll(/`([^`]+)`/g)].map(([, file]) => file!),
  }),
);

const titled = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => `test/${file}`)
  .map((file) => ({ file, numbers: numbersIn(file) }));

/** Numbers that titles of tests and names of cases in a file begin with: T9, T10, a colon. */
function numbersIn(file: string): ReadonlySet<number> {
  const source = readFileSync(join(root, file), "utf8");
  const titles = source.matchAll(/["`](T\d+(?:, T\d+)*): /g);
  return new Set(
    [...titles].flatMap(([, numbers]) =>
      numbers!.split(", ").map((number) => Number(number.slice(1))),
    ),
  );
}

it("docs/traps.md has each of the forty, in order", () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
});

it.each(rows)("docs/traps.md names the tests of T$number", ({ number, files }) => {
  const found = titled.filter(({ numbers }) => numbers.has(number)).map(({ file }) => file);
  expect(found).not.toEqual([]);
  expect(files.toSorted()).toEqual(found.toSorted());
});
