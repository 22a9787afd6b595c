import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Bench } from "../../matrix/support-measure.ts";
import { readForms } from "../../matrix/support.ts";
import { compare, predicted } from "./compare.ts";

/** A form or two of each subject, measured anew: the data of the matrix is not taken on trust. */
const central: ReadonlySet<string> = new Set([
  "alter-add-column-default-now",
  "alter-add-column-default-random",
  "alter-add-column-identity",
  "alter-add-column-constrained-domain",
  "alter-add-column-references-default",
  "alter-add-column-partitioned-volatile",
  "alter-set-not-null-valid-check",
  "alter-set-not-null-partitioned",
  "alter-type-varchar-to-text-indexed",
  "alter-type-integer-to-bigint",
  "alter-type-timestamp-to-timestamptz-utc",
  "alter-type-referenced-primary-key",
  "alter-type-view-in-the-way",
  "alter-type-partitioned-widen",
  "alter-add-check-partitioned",
  "alter-add-primary-key-using-index-nullable",
  "alter-add-unique-partitioned",
  "alter-add-foreign-key-partitioned-parent",
  "alter-validate-foreign-key",
  "alter-drop-foreign-key",
  "alter-drop-column-foreign-key",
  "alter-drop-column-view-cascade",
  "alter-validate-with-set-default",
  "alter-attach-list",
  "alter-attach-checked",
  "alter-attach-referenced-partitioned",
  "alter-detach-foreign-key-child",
  "alter-set-unlogged-identity",
  "alter-owner-serial",
  "alter-domain-add-check-partitioned",
  "alter-sequence-owned-by",
  "alter-table-rename-column-inherited",
  "alter-table-set-schema-serial",
]);

const forms = (await readForms()).filter(({ id }) => central.has(id));

test("every form of the sample is there", () => {
  expect(forms.length).toBe(central.size);
});

describe.each([14, 18])("Postgres %i", (major) => {
  let bench: Bench;

  beforeAll(async () => {
    bench = await Bench.start(major);
  });

  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
  });

  test.each(forms)("$id", async (form) => {
    const facts = await bench.measure(form);
    const { prediction, measurement } = compare(await predicted(form, major), facts);
    expect(prediction).toEqual(measurement);
  });
});
