import fc from "fast-check";
import { expect, test } from "vitest";
import { createWorld, fold } from "../../../src/effects/index.ts";
import { referrersOf, relationsNamed } from "../../../src/effects/world/lookup.ts";
import type { World } from "../../../src/effects/world/model.ts";
import { copyWorld, putRelation, removeRelation } from "../../../src/effects/world/store.ts";
import { overlayWorld } from "../../../src/effects/world/view.ts";
import { parseSql } from "../../../src/sql/index.ts";

const ids = [1, 2, 3, 4];
const schemas = ["a", "b"];

/** A world, and for each relation in it its schema and what it inherits from. */
interface Known {
  readonly world: World;
  readonly held: Map<number, { readonly schema: string; readonly inherits: readonly number[] }>;
}

type Step = readonly [
  what: "put" | "remove" | "copy" | "overlay",
  world: number,
  id: number,
  schema: string,
  inherits: readonly number[],
];

const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom("put", "put", "put", "remove", "copy", "overlay"),
  fc.nat(),
  fc.constantFrom(...ids),
  fc.constantFrom(...schemas),
  fc.uniqueArray(fc.constantFrom(...ids), { maxLength: 3 }),
);

const single = createWorld({ major: 18, complete: true });
for (const statement of await parseSql("CREATE TABLE t (id int)", "t.sql")) fold(statement, single);
const template = [...single.relations.values()][0]!;

function change({ world, held }: Known, [what, , id, schema, inherits]: Step): void {
  if (what === "remove") {
    removeRelation(world, id);
    held.delete(id);
  } else {
    putRelation(world, { ...template, id, name: `t${id}`, schema, inherits });
    held.set(id, { schema, inherits });
  }
}

function expectKnown({ world, held }: Known): void {
  for (const id of ids) {
    const referrers = [...held].filter(([, { inherits }]) => inherits.includes(id));
    expect(new Set(referrersOf(world, id).map((one) => one.id))).toEqual(
      new Set(referrers.map(([referrer]) => referrer)),
    );
    expect(relationsNamed(world, `t${id}`).map(({ schema }) => schema)).toEqual(
      held.has(id) ? [held.get(id)!.schema] : [],
    );
  }
}

const copyOf = ({ world, held }: Known, made: World = copyWorld(world)): Known => ({
  world: made,
  held: new Map(held),
});

test("worlds, their copies and overlays each know who refers to whom, whichever changes", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      fc.array(step, { maxLength: 5 }),
      (steps, over) => {
        const worlds: Known[] = [
          { world: createWorld({ major: 18, complete: true }), held: new Map() },
        ];
        for (const one of steps) {
          const known = worlds[one[1] % worlds.length]!;
          if (one[0] === "copy") worlds.push(copyOf(known));
          else if (one[0] === "overlay") {
            // It is right only until the world below it changes; a copy of it stays right.
            const overlay = copyOf(known, overlayWorld(known.world));
            for (const each of over) change(overlay, each);
            const second = copyOf(overlay, overlayWorld(overlay.world));
            change(second, one);
            for (const each of [overlay, second]) expectKnown(each);
            worlds.push(copyOf(second));
          } else change(known, one);
          for (const each of worlds) expectKnown(each);
        }
      },
    ),
    { seed: 18, numRuns: 300 },
  );
});
