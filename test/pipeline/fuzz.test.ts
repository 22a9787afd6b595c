import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { checkPipeline } from "../../src/pipeline/index.ts";

const fixtures = join(import.meta.dirname, "fixtures");
const files = readdirSync(fixtures, { recursive: true, withFileTypes: true })
  .filter((each) => each.isFile())
  .map((each) => {
    const path = join(each.parentPath, each.name);
    const inside = relative(fixtures, path).split("/").slice(2).join("/");
    return { path: inside, text: readFileSync(path, "utf8") };
  })
  .filter(({ path }) => !path.endsWith(".sql"));

const root = mkdtempSync(join(tmpdir(), "lockstep-pipeline-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Pieces that the formats give a meaning to. */
const pieces = [
  ..."\"'`$(){}[]<>|&;:#-?*!%@\\\n\t ,=".split(""),
  ..."${{ }} $(( && || << EOF *anchor &a <<: ? !reference [ {{- end }} \u0000 \u2028 \uD800 \r\n".split(
    " ",
  ),
  "if ",
  "then\n",
  "fi\n",
  "done\n",
  "- run: |\n",
  "needs: [deploy]\n",
  "extends: migrate\n",
];

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.integer({ min: 0, max: 40 }),
  insert: fc.array(fc.constantFrom(...pieces), { maxLength: 4 }),
});

function mutated(
  text: string,
  changes: readonly { at: number; remove: number; insert: string[] }[],
): string {
  let result = text;
  for (const { at, remove, insert } of changes) {
    const from = Math.floor(at * result.length);
    result = result.slice(0, from) + insert.join("") + result.slice(from + remove);
  }
  return result;
}

async function checked(path: string, text: string): Promise<void> {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  const report = await checkPipeline({ root, files: [path] });
  const lines = text.split("\n").length;
  for (const finding of report.findings) {
    expect(finding.line).toBeGreaterThan(0);
    expect(finding.line).toBeLessThanOrEqual(lines);
    expect(finding.column).toBeGreaterThan(0);
    expect(finding.endLine).toBeGreaterThanOrEqual(finding.line);
  }
}

test("no mutation of a fixture crashes, and every place is inside the file", async () => {
  const file = fc.constantFrom(...files);
  await fc.assert(
    fc.asyncProperty(
      file,
      fc.array(mutation, { minLength: 1, maxLength: 5 }),
      async ({ path, text }, changes) => {
        await checked(path, mutated(text, changes));
      },
    ),
    { numRuns: Number(process.env["LOCKSTEP_PIPELINE_FUZZ"] ?? 400) },
  );
}, 600_000);

test("no truncation of a fixture crashes", async () => {
  for (const { path, text } of files) {
    for (let end = 0; end < text.length; end += 17) await checked(path, text.slice(0, end));
  }
}, 600_000);
