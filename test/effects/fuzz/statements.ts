import type { World } from "../../../src/effects/world/index.ts";
import { alterTable, alterTableAlone, createIndex } from "./alter-table.ts";
import type { Draw } from "./draw.ts";
import { alone, others } from "./other-statements.ts";
import type { Field } from "./names.ts";

const { createTable, createView, createOnTable, drop, rename, alterType, maintain, rows } =
  others as Readonly<Record<string, (field: Field) => string>>;

/** Builders, each as often as it is to be used. */
const builders = [
  ...Array.from({ length: 8 }, () => alterTable),
  alterTableAlone,
  alterTableAlone,
  createIndex,
  createIndex,
  createTable,
  createTable,
  createView,
  createOnTable,
  drop,
  drop,
  rename,
  alterType,
  alterType,
  maintain,
  maintain,
  rows,
  rows,
  rows,
] as readonly ((field: Field) => string)[];

/** A statement on the catalog that is refused only for reasons that the catalog shows. */
export function drawStatement(draw: Draw, world: World): string {
  return draw.one(builders)({ draw, world, major: world.major });
}

/** A statement that runs in transactions of its own. */
export function drawAlone(draw: Draw, world: World): string {
  return alone({ draw, world, major: world.major });
}
