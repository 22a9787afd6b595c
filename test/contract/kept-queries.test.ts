import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { keptOrAsked, type AskedQueries, type FiledQuery } from "../../src/contract/index.ts";
import { temporaryFolder } from "../support/folder.ts";

const query: FiledQuery = { sql: "SELECT a FROM t WHERE b = $1", types: [null], from: ["x.js:1"] };

const answer = {
  contract: { version: 1, hash: "h", queries: [] },
  taken: [
    {
      ...query,
      parameters: [{ type: "integer", isName: false }],
      typeNames: ["pg_catalog.int4"],
      functions: [],
      tables: [
        {
          relation: "public.t",
          isUnqualified: true,
          access: new Set(["select"]),
          columns: new Set(["a", "b"]),
          writes: [],
        },
      ],
    },
  ],
  refused: [{ ...query, refused: "no", sqlstate: "42703" }],
} as unknown as AskedQueries;

it("keeps an answer whole, and only for the same code, database and statements", async () => {
  using home = temporaryFolder({});
  const kept = { build: "a", env: { LOCKSTEP_SCRATCH_HOME: home.path } };
  let asked = 0;
  const ask = async () => {
    asked++;
    return answer;
  };
  expect(await keptOrAsked([query], "one", kept, ask)).toEqual(answer);
  expect(await keptOrAsked([query], "one", kept, ask)).toEqual(answer);
  expect(asked).toBe(1);
  await keptOrAsked([query], "two", kept, ask);
  await keptOrAsked([query], "one", { ...kept, build: "b" }, ask);
  await keptOrAsked([{ ...query, sql: "SELECT a FROM t" }], "one", kept, ask);
  await keptOrAsked([{ ...query, from: ["x.js:2"] }], "one", kept, ask);
  await keptOrAsked([{ ...query, types: ["text"] }], "one", kept, ask);
  expect(asked).toBe(6);
  // Neither an unknown database nor a damaged file is believed.
  await keptOrAsked([query], undefined, kept, ask);
  await keptOrAsked([query], "one", undefined, ask);
  expect(asked).toBe(8);
  const [own] = readdirSync(home.path);
  const folder = join(home.path, own!, "statements");
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), "{}");
  expect(await keptOrAsked([query], "one", kept, ask)).toEqual(answer);
  expect(asked).toBe(9);
});
