import { expect, it } from "vitest";
import { catalogParts, diff, fingerprint, introspect } from "../../src/catalog/index.ts";
import type { PartialCatalog } from "../../src/catalog/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { majors, open } from "./database.ts";
import { fixtureSql } from "./fixture.ts";

/** Parts that Postgres itself gives other contents on another major. */
const byMajor = {
  /** From 16 on, columns of a view on one table are printed without the table's name. */
  views: "view-definition-changed",
  materializedViews: "view-definition-changed",
  extensions: "extension-version-changed",
  /** 15 took CREATE on schema public from PUBLIC; 17 added MAINTAIN. */
  grants: "grants-changed",
} as const;

it("finds the same schema the same on every major, but for what Postgres changed itself", async () => {
  const parts = catalogParts.filter((part) => !(part in byMajor));
  const fingerprints = new Map<string, number>();
  let previous: Awaited<ReturnType<typeof introspect>> | undefined;
  for (const major of majors) {
    await using scratch = await startScratch({ major });
    await using session = await open((await scratch.createDatabase()).url);
    await session.batch(fixtureSql(14));
    const catalog = await introspect(session);
    const stable: PartialCatalog<never> = await introspect(session, { parts });
    fingerprints.set(await fingerprint(stable), major);
    const found = previous === undefined ? [] : await diff(previous, catalog);
    const expected: ReadonlySet<string> = new Set(Object.values(byMajor));
    expect(
      found.filter(({ kind }) => !expected.has(kind)),
      `Postgres ${major}`,
    ).toEqual([]);
    previous = catalog;
  }
  expect([...fingerprints.values()]).toEqual([majors.at(-1)]);
});
