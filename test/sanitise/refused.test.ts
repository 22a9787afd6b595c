import { expect, it } from "vitest";
import { isLockstepError } from "../../src/errors/index.ts";
import { Session } from "../../src/pg/index.ts";
import { copySanitised, type MaskRules } from "../../src/sanitise/index.ts";
import { startScratch } from "../../src/scratch/index.ts";

const schema = `
  CREATE TABLE country (code char(2) PRIMARY KEY, note text);
  CREATE TABLE city (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, country char(2) REFERENCES country, kind text CHECK (kind IN ('big', 'small')),
    way point NOT NULL, stars int CHECK (stars BETWEEN 1 AND 3), share float8 UNIQUE, tag text UNIQUE, mail varchar(20), hidden text);
  CREATE TABLE other (id bigint PRIMARY KEY, small int UNIQUE);
  CREATE TABLE child (small bigint REFERENCES other (small), id int PRIMARY KEY);`;

const rows = `
  INSERT INTO country SELECT chr(97 + n / 26) || chr(97 + n % 26), 'secret' FROM generate_series(0, 199) n;
  INSERT INTO city (country, kind, way, stars, share, tag) SELECT 'aa', 'big', '(1,2)', 2, n, n FROM generate_series(1, 300) n;
  CREATE ROLE reader LOGIN PASSWORD 'reader';
  GRANT SELECT (id, country, kind, way, stars, share, tag, mail) ON city TO reader;
  GRANT SELECT ON country, other, child TO reader;
  ANALYZE;`;

it("copies nothing until each column has a rule that its keys and conditions allow, and says which", async () => {
  await using server = await startScratch();
  const [source, target] = [await server.createDatabase(), await server.createDatabase()];
  await using from = await Session.open({ url: source.url, applicationName: "test" });
  await using to = await Session.open({ url: target.url, applicationName: "test" });
  await from.batch(schema + rows);
  await to.batch(schema);
  const asReader = new URL(source.url);
  [asReader.username, asReader.password] = ["reader", "reader"];
  const found = async (rules: MaskRules, signal?: AbortSignal): Promise<readonly string[]> => {
    try {
      await copySanitised({ sourceUrl: asReader.toString(), targetUrl: target.url, rules, signal });
      return [];
    } catch (error) {
      if (!isLockstepError(error)) throw error;
      expect(
        await to.queryArrays(
          "SELECT (SELECT count(*)::int FROM city) + (SELECT count(*)::int FROM country)",
        ),
      ).toEqual([[0]]);
      return [error.code, ...error.explanation.found!.split("\n")];
    }
  };
  const deep = {
    "city.hidden": "null",
    "city.way": { value: "(0,0)" },
    "country.code": "keep",
    "city.share": "null",
    "other.small": "keep",
  } as const;
  expect(
    await found({
      columns: {
        "citty.tag": "keep",
        "city.*": "mask",
        "city.tag": { sql: "1) FROM city; DROP TABLE (city" },
      },
      types: { tekst: "keep" },
    }),
  ).toEqual([
    "sanitise-refused",
    expect.stringContaining("is not an expression of SQL"),
    "sanitise.columns: no column is called citty.tag; did you mean city.tag?",
    "sanitise.types: no column is of type tekst; did you mean text?",
    expect.stringMatching(/^public.child.small: .*different types/),
    expect.stringMatching(/^public.city.country: it refers to public.country.code/),
    "public.city.way: no mask is known for point, and it is NOT NULL",
    expect.stringMatching(
      /^public.city.share: it is part of a key, and masks of double precision may be the same/,
    ),
    expect.stringMatching(/^public.city.hidden: the role may not read it/),
    expect.stringMatching(/^public.country.code: it is part of a key and takes 2 characters/),
    expect.stringMatching(/^public.other.small: .*different types/),
  ]);
  expect(
    await found({
      columns: {
        ...deep,
        "city.tag": { value: "x" },
        "city.mail": "email",
        "country.note": "fake",
        "city.stars": "null",
        "city.id": "null",
      },
    }),
  ).toEqual([
    "sanitise-refused",
    expect.stringMatching(/^public.city.id: it is NOT NULL/),
    "public.city.tag: it is unique: the same value in every row would be refused",
  ]);
  // What only rows tell, from the first of them, before the whole is begun.
  expect(await found({ columns: { ...deep, "city.stars": "mask" } })).toEqual([
    "sanitise-refused",
    expect.stringMatching(/^public.city.(kind|stars): .*violates check constraint/),
  ]);
  // An expression that fails on a row does not tell the row.
  const failing = await found({
    columns: {
      ...deep,
      "city.kind": "keep",
      "city.stars": "keep",
      "country.note": { sql: "note::int::text" },
    },
  });
  expect(failing).toEqual([
    "sanitise-refused",
    "public.country: the source refuses its expressions (SQLSTATE 22P02)",
  ]);
  // Only a later row breaks it.
  await from.query("UPDATE city SET stars = 3, kind = 'small' WHERE id = 300");
  expect(
    await found({
      columns: {
        ...deep,
        "city.kind": "keep",
        "city.stars": { sql: "CASE WHEN id < 300 THEN 2 ELSE 7 END" },
      },
    }),
  ).toEqual(["sanitise-failed", expect.stringMatching(/^the copy: .*violates check constraint/)]);
  const stop = new AbortController();
  stop.abort();
  expect(
    (
      await found({ columns: { ...deep, "city.kind": "keep", "city.stars": "keep" } }, stop.signal)
    )[0],
  ).toBe("run-cancelled");
  expect(await found({ columns: { ...deep, "city.kind": "keep", "city.stars": "keep" } })).toEqual(
    [],
  );
  expect(
    await to.queryArrays(
      "SELECT (SELECT count(*)::int FROM city), (SELECT count(*)::int FROM country WHERE note LIKE '%secret%'), (SELECT count(DISTINCT tag)::int FROM city)",
    ),
  ).toEqual([[300, 0, 300]]);
});
