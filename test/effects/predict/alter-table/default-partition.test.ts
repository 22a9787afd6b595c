import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseSql } from "../../../../src/sql/index.ts";
import { Bench } from "../../matrix/support-measure.ts";
import type { Form } from "../../matrix/support.ts";
import { compare, predicted } from "./compare.ts";

/** CHECKs of a default partition, each with a row that it admits: some prove that none belongs into the new partition. */
const range = [
  ["NOT (k >= '2025-01-01' AND k < '2026-01-01')", "2030-01-01"],
  ["k < '2025-01-01' OR k >= '2026-01-01'", "2030-01-01"],
  ["k < '2024-01-01' OR k > '2025-11-01'", "2030-01-01"],
  ["k < '2024-01-01'", "2020-01-01"],
  ["k IS NULL OR k < '2024-01-01'", "2020-01-01"],
  ["NOT (k IS NOT NULL AND k >= '2025-01-01' AND k < '2026-01-01')", "2030-01-01"],
] as const;
const list = [
  ["NOT (k = 'x')", "a"],
  ["k <> 'x'", "a"],
  ["k NOT IN ('x', 'y')", "a"],
  ["NOT (k IN ('x', 'y'))", "a"],
  ["k IN ('a', 'b')", "a"],
  ["k = 'a' OR k = 'b'", "a"],
] as const;

const bounds = {
  date: ["FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"],
  text: ["FOR VALUES IN ('x')", "FOR VALUES IN ('x', 'y')"],
} as const;

async function formsOf(type: "date" | "text", check: string, row: string): Promise<Form[]> {
  const strategy = type === "date" ? "RANGE" : "LIST";
  const setUp = `
    CREATE TABLE p (k ${type}) PARTITION BY ${strategy} (k);
    CREATE TABLE p_rest PARTITION OF p DEFAULT;
    ALTER TABLE p_rest ADD CHECK (${check});
    INSERT INTO p_rest VALUES ('${row}');
    CREATE TABLE n (k ${type} NOT NULL)`;
  const texts = bounds[type].flatMap((bound) => [
    `CREATE TABLE p_new PARTITION OF p ${bound}`,
    `ALTER TABLE p ATTACH PARTITION n ${bound}`,
  ]);
  const statements = await Promise.all(texts.map(async (text) => parseSql(text, "form")));
  return statements.flat().map((statement, index) => ({
    id: `${check}: ${texts[index]}`,
    chapter: "default-partition",
    majors: [14, 18],
    setUp,
    statement,
  }));
}

const forms = (
  await Promise.all([
    ...range.map(async ([check, row]) => formsOf("date", check, row)),
    ...list.map(async ([check, row]) => formsOf("text", check, row)),
  ])
).flat();

describe.each([14, 18])("Postgres %i", (major) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.start(major);
  });
  afterAll(async () => bench[Symbol.asyncDispose]());

  test.each(forms)("$id", async (form) => {
    const { prediction, measurement } = compare(
      await predicted(form, major),
      await bench.measure(form),
    );
    expect(prediction).toEqual(measurement);
  });
});
