import { afterAll, beforeAll, expect, test } from "vitest";
import { readCases } from "./support-cases.ts";
import { CaseDatabase } from "./support-evaluate.ts";
import { expected, marks } from "./support-marks.ts";

let database: CaseDatabase;
beforeAll(async () => {
  database = await CaseDatabase.start(18);
});
afterAll(() => database[Symbol.asyncDispose]());

for (const one of readCases().filter(
  ({ majors, only }) => majors.includes(18) && only !== "predicted",
))
  test(`${one.rule}, ${one.kind}: ${one.title}`, async () => {
    expect(marks((await database.evaluate(one)).findings)).toEqual(expected(one));
  });
