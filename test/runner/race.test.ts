import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { spawnTypescript } from "../support/run-typescript.ts";
import { ask, folderOf } from "./support.ts";

const rounds = Number(process.env["LOCKSTEP_RACE_ROUNDS"] ?? 1);
const runners = 16;
const child = join(import.meta.dirname, "child.ts");

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18, settings: { max_connections: "200" } });
});
afterAll(() => scratch.close());

/** 50 migrations whose every statement counts itself. */
const files = Object.fromEntries(
  Array.from({ length: 50 }, (_, index) => {
    const count = (part: string) => `INSERT INTO effect VALUES ('${index} ${part}');`;
    const id = String(index).padStart(3, "0");
    if (index === 0) return [id, `CREATE TABLE effect (name text); ${count("a")}`];
    if (index % 10 === 5)
      return [
        id,
        `CREATE TABLE t${index} (id int); ${count("a")} CREATE INDEX CONCURRENTLY i${index} ON t${index} (id); ${count("b")}`,
      ];
    return [id, `CREATE TABLE t${index} (id int); ${count("a")} ${count("b")}`];
  }),
);

it(
  `${runners} runners racing on 50 migrations run each statement exactly once, ${rounds} times`,
  { timeout: 60_000 * rounds },
  async () => {
    using folder = temporaryFolder({ "files.json": JSON.stringify(files) });
    for (let round = 0; round < rounds; round++) {
      const database = await scratch.createDatabase();
      const outputs = await Promise.all(
        Array.from({ length: runners }, () => run(database.url, join(folder.path, "files.json"))),
      );
      const ends = outputs.map((text) => JSON.parse(text.trimEnd().split("\n").at(-1)!));
      expect(ends.map(({ outcome }) => outcome)).toEqual(ends.map(() => "succeeded"));
      expect(ends.reduce((sum, { applied }) => sum + applied, 0)).toBe(50);
      const effects = await ask<{ name: string; n: number }>(
        database.url,
        "SELECT name, count(*)::int AS n FROM effect GROUP BY name ORDER BY name",
      );
      expect(effects.filter(({ n }) => n !== 1)).toEqual([]);
      expect(effects).toHaveLength(99);
      expect(await ask(database.url, "SELECT name FROM tool.applied ORDER BY number")).toEqual(
        folderOf(files).migrations.map(({ id }) => ({ name: id })),
      );
      expect(outputs.join("\n")).toMatch(/"type":"run.waiting","holder":"[^"]+@[^"]+ pid \d+/);
      await database.drop();
    }
  },
);

async function run(url: string, path: string): Promise<string> {
  const process = spawnTypescript(child, [url, path]);
  let output = "";
  process.stdout!.on("data", (chunk) => (output += String(chunk)));
  await once(process, "close");
  return output;
}
