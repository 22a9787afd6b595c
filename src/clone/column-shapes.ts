import type { ColumnShape, Sizes } from "../effects/index.ts";
import type { QualifiedName } from "../sql/index.ts";

/** By column; of any name, such as `constructor`. */
export type ColumnShapes = ReadonlyMap<string, ColumnShape>;

/** What the statistics know of a table's columns. */
export function columnShapes({ relations }: Sizes, name: QualifiedName): ColumnShapes {
  return new Map(Object.entries(relations[name]?.shape?.columns ?? {}));
}
