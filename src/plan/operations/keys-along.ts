import {
  qualifiedName,
  type Catalog,
  type ForeignKeyConstraint,
  type QualifiedName,
} from "../../catalog/index.ts";
import type { Exemption, PlannedOperation } from "../model.ts";

/**
 * What the new release has to bear of foreign keys that a statement takes along (CASCADE), of tables that stay: they are
 * there until the contract phase.
 *
 * @param isOwn keys of which more is said already
 */
export function keysAlong(
  before: Catalog,
  after: Catalog,
  isOwn: (relation: QualifiedName, key: ForeignKeyConstraint) => boolean = () => false,
): Required<Pick<PlannedOperation, "notes" | "exemptions">> {
  const gone = Object.entries(before.tables).flatMap(([relation, table]) => {
    const left = after.tables[relation]?.constraints.map(({ name }) => name);
    return table.constraints.flatMap((one) =>
      one.kind === "foreign-key" &&
      !one.inherited &&
      left?.includes(one.name) === false &&
      !isOwn(relation, one)
        ? [{ relation, name: qualifiedName(table.schema, table.name, one.name), key: one }]
        : [],
    );
  });
  return {
    notes: gone.map(
      ({ name }) =>
        `${name} stays until the contract phase: until then the new release has to write values that it allows`,
    ),
    exemptions: gone.flatMap(({ relation, key: { references } }): readonly Exemption[] => [
      { kind: "still-referenced", relation },
      { kind: "still-referenced", relation: references.table },
    ]),
  };
}
