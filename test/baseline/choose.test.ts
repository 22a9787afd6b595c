import { expect, it } from "vitest";
import { choosePrefix } from "../../src/baseline/choose.ts";
import { withChanges, type Change } from "../../src/baseline/prints.ts";

const to = (key: string, hash: string): Change => [key, { hash, table: undefined }];

/** The third and fourth take each other back, as a foreign key made anew with other words, and made again as it was. */
const changes: readonly (readonly Change[])[] = [
  [to("table a", "1")],
  [to("constraint a.b", "cascade")],
  [to("constraint a.b", "set null")],
  [to("constraint a.b", "cascade")],
  [to("table c", "1")],
];

const after = (amount: number) => changes.slice(0, amount).reduce(withChanges, new Map());

it.each([2, 4])(
  "does not take for proven what takes each other back, after %i migrations",
  (amount) => {
    expect(choosePrefix(new Map(), changes, after(amount))).toMatchObject({
      length: 2,
      unseen: 2,
      distance: 0,
      proofs: ["proven", "proven"],
    });
  },
);

it("takes it for done where something behind it is there, and where only one of both was run", () => {
  expect(choosePrefix(new Map(), changes, after(5))).toMatchObject({
    length: 5,
    unseen: 0,
    proofs: ["proven", "superseded", "superseded", "proven", "proven"],
  });
  expect(choosePrefix(new Map(), changes, after(3))).toMatchObject({ length: 3, unseen: 0 });
});
