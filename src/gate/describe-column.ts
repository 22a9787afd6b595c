import type { Column } from "../catalog/index.ts";
import type { ContractColumn } from "../contract/index.ts";

/** A column as DDL writes it. */
export function describeExpected(column: ContractColumn): string {
  const { type, nullable, identity, generated } = column;
  return [
    type,
    nullable === false ? " NOT NULL" : "",
    column.default === null ? "" : ` DEFAULT ${column.default}`,
    identity === null
      ? ""
      : ` GENERATED ${identity === "always" ? "ALWAYS" : "BY DEFAULT"} AS IDENTITY`,
    generated === null ? "" : ` GENERATED ALWAYS AS (${generated.expression})`,
  ].join("");
}

/** The same of a live one. */
export function describeFound(column: Column): string {
  const { name, type, nullable, collation, generated, default: given } = column;
  const identity = column.identity?.generation ?? null;
  return describeExpected({
    name,
    type: type.text,
    nullable,
    default: given,
    identity,
    generated,
    collation,
    supplied: false,
    values: null,
  });
}
