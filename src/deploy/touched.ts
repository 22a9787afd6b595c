import type { Probe } from "../config/index.ts";

/**
 * The objects of a schema change that no probe exercises (B5). A probe that names a table covers its columns, and one
 * that names a column covers what happens to its table. Names are `schema.table` or `schema.table.column`.
 */
export function untouched(changed: readonly string[], probes: readonly Probe[]): readonly string[] {
  const covered = probes.flatMap(({ touches = [] }) => touches);
  return changed.filter(
    (object) =>
      !covered.some(
        (name) => name === object || object.startsWith(`${name}.`) || name.startsWith(`${object}.`),
      ),
  );
}
