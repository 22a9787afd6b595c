import fc from "fast-check";
import { expect, it } from "vitest";
import { expressionKeys, qualifiedName } from "../../src/catalog/index.ts";

it("shows plain names bare and all others in double quotes", () => {
  expect(qualifiedName("public", "orders", "id")).toBe("public.orders.id");
  expect(qualifiedName("public", "select")).toBe("public.select");
  expect(qualifiedName("My Schema", "a.b", 'say "x"')).toBe('"My Schema"."a.b"."say ""x"""');
  expect(qualifiedName("", "Ü")).toBe('""."Ü"');
});

it("gives different names different texts", () => {
  const part = fc.oneof(fc.string({ maxLength: 6 }), fc.stringMatching(/^[a-z".]{0,5}$/));
  const names = fc.array(part, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(names, names, (one, other) => {
      const same = one.length === other.length && one.every((text, at) => text === other[at]);
      expect(qualifiedName(...one) === qualifiedName(...other)).toBe(same);
    }),
    { numRuns: 2000 },
  );
});

it.each([
  [
    "((v)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
    "((v)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))",
  ],
  ["(((a > 1) AND (b > 2)) AND (c > 3))", "((a > 1) AND (b > 2) AND (c > 3))"],
  ["((a > 1) OR ((b > 2) OR (c > 3)))", "((a > 1) OR (b > 2) OR (c > 3))"],
])("takes %s for %s", async (one, other) => {
  const keys = await expressionKeys();
  expect(keys.expression(one)).toBe(keys.expression(other));
});

it.each([
  ["((a > 1) AND ((b > 2) OR (c > 3)))", "(((a > 1) AND (b > 2)) OR (c > 3))"],
  ["((a > 1) AND (b > 2))", "((b > 2) AND (a > 1))"],
  ["(v = ANY (ARRAY['a'::text, 'b'::text]))", "(v = ANY (ARRAY['b'::text, 'a'::text]))"],
  ["(v = ANY ((ARRAY['1'::text])::integer[]))", "(v = ANY ((ARRAY['1'::text])::bigint[]))"],
  ["(NOT ((a > 1) AND (b > 2)))", "((NOT (a > 1)) AND (b > 2))"],
  ["'x AND y'::text", "'x and y'::text"],
])("tells %s from %s", async (one, other) => {
  const keys = await expressionKeys();
  expect(keys.expression(one)).not.toBe(keys.expression(other));
});

it("keeps what this grammar cannot parse as it is, and null as null", async () => {
  const keys = await expressionKeys();
  expect(keys.expression("((a > 1) AND )")).toBe("((a > 1) AND )");
  expect(keys.expression(null)).toBeNull();
});
