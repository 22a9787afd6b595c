import { expect } from "vitest";
import type { Catalog, Column, Constraint, Index, Table } from "../../src/catalog/index.ts";

/** A value that must be there. */
export function found<Value>(value: Value | undefined): Value {
  expect(value).toBeDefined();
  return value as Value;
}

export function tableOf(catalog: Catalog, name: string): Table {
  return found(catalog.tables[name]);
}

export function columnOf(catalog: Catalog, table: string, name: string): Column {
  return found(tableOf(catalog, table).columns.find((one) => one.name === name));
}

export function constraintOf(catalog: Catalog, table: string, name: string): Constraint {
  return found(tableOf(catalog, table).constraints.find((one) => one.name === name));
}

export function indexOf(catalog: Catalog, table: string, name: string): Index {
  return found(tableOf(catalog, table).indexes.find((one) => one.name === name));
}
