import { afterAll, expect, test } from "vitest";
import { createExtensions, majors, measure } from "../../../scripts/measure-builtins.mjs";
import { builtinFacts } from "../../../src/effects/world/index.ts";
import * as extensions from "../../../src/effects/world/builtin/measured-extensions.ts";
import * as measured from "../../../src/effects/world/builtin/measured.ts";
import { Session } from "../../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";

const written: Readonly<Record<string, unknown>> = { ...measured, ...extensions };

const servers = new Map<number, { readonly scratch: Scratch; readonly session: Session }>();

afterAll(async () => {
  for (const { scratch, session } of servers.values()) {
    await session.close();
    await scratch.close();
  }
});

test("the written facts are those of servers 14 to 18", async () => {
  for (const major of majors) {
    const scratch = await startScratch({ major });
    const session = await Session.open({ url: scratch.url, applicationName: "world-test" });
    await session.batch(createExtensions);
    servers.set(major, { scratch, session });
  }
  const facts = await measure(
    async (major, sql) => (await servers.get(major)!.session.query<never>(sql)).rows,
  );
  for (const [name, entries] of Object.entries(facts)) expect(written[name], name).toEqual(entries);
}, 120_000);

test("facts differ by major where servers do", () => {
  expect(builtinFacts(16).functions.get("uuidv7")).toBeUndefined();
  expect(builtinFacts(18).functions.get("uuidv7")).toBe("volatile");
  expect(builtinFacts(14).casts.get("int4 int8")).toEqual({
    method: "function",
    context: "implicit",
    volatility: "immutable",
  });
  expect(builtinFacts(18).casts.get("varchar text")?.method).toBe("binary");
  expect(builtinFacts(18).lengthCoercions.has("varchar")).toBe(true);
});
