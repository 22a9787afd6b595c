import type { AddressBook, NoteRow } from "./addresses.ts";
import type { Building } from "./assemble-relations.ts";
import type { CatalogPart } from "./model.ts";
import { namePart, qualifiedName } from "./names.ts";
import {
  readPolicy,
  readRule,
  readStatistics,
  readTrigger,
  type PolicyRow,
  type RuleRow,
  type StatisticsRow,
  type TriggerRow,
} from "./read-attached.ts";
import { readGrants, type CommentRow, type GrantRow } from "./read-notes.ts";
import type { ObjectGroups, ObjectPart } from "./read-objects.ts";
import type { Relation } from "./read-relations.ts";
import type { ServerFacts } from "./read-server.ts";
import { readAggregate, readRoutine, type AggregateRow, type RoutineRow } from "./read-routines.ts";
import {
  readDomain,
  readEnum,
  readRange,
  type DomainRow,
  type EnumRow,
  type RangeRow,
} from "./read-types.ts";

interface TypeHead {
  readonly oid: number;
}

/** What those parts are put together from. */
export interface ObjectSources {
  readonly facts: ServerFacts;
  readonly groups: ObjectGroups;
  readonly relations: ReadonlyMap<number, Relation>;
  readonly book: AddressBook;
}

/** Adds the parts whose rows come as JSON: types, routines, what hangs on tables, and notes about it all. */
export function assembleObjects(
  catalog: Building,
  parts: ReadonlySet<CatalogPart>,
  { facts, groups, relations, book }: ObjectSources,
): void {
  const rowsOf = <Row>(part: ObjectPart) => (groups.get(part) ?? []) as readonly Row[];

  /** One object a row, keyed and noted under its schema and name. */
  const collect = <Row extends TypeHead, Item extends { schema: string; name: string }>(
    part: ObjectPart,
    source: string,
    word: (item: Item) => string,
    read: (row: Row) => Item,
    suffix: (item: Item) => string = () => "",
  ): Readonly<Record<string, Item>> =>
    record(
      rowsOf<Row>(part).map((row) => {
        const item = read(row);
        const key = qualifiedName(item.schema, item.name) + suffix(item);
        book.add(source, row.oid, word(item), key);
        return [key, item];
      }),
    );

  /** One object a row, keyed and noted under its table. */
  const attach = <Row extends { oid: number; relation: number; name: string }, Item>(
    part: ObjectPart,
    source: string,
    word: string,
    read: (row: Row, table: Relation) => Item,
  ): Readonly<Record<string, Item>> =>
    record(
      rowsOf<Row>(part).flatMap((row): [string, Item][] => {
        const table = relations.get(row.relation);
        if (table === undefined || table.hidden) return [];
        const key = qualifiedName(table.schema, table.row.name, row.name);
        book.add(source, row.oid, word, key);
        return [[key, read(row, table)]];
      }),
    );

  if (parts.has("schemas")) {
    catalog.schemas = facts.schemas.map(({ name }) => ({ name }));
    for (const { oid, name } of facts.schemas)
      book.add("pg_namespace", oid, "schema", namePart(name));
  }
  if (parts.has("extensions")) {
    catalog.extensions = facts.extensions.map(({ name, schema, version }) => ({
      name,
      schema,
      version,
    }));
    for (const { oid, name } of facts.extensions)
      book.add("pg_extension", oid, "extension", namePart(name));
  }
  if (parts.has("enums"))
    catalog.enums = collect(
      "enums",
      "pg_type",
      () => "type",
      (row: EnumRow) => readEnum(row, facts),
    );
  if (parts.has("domains")) {
    catalog.domains = collect(
      "domains",
      "pg_type",
      () => "domain",
      (row: DomainRow) => {
        const domain = readDomain(row, facts);
        for (const { oid, name } of row.checks ?? [])
          book.add(
            "pg_constraint",
            oid,
            "constraint",
            qualifiedName(domain.schema, domain.name, name),
          );
        return domain;
      },
    );
  }
  if (parts.has("rangeTypes"))
    catalog.rangeTypes = collect(
      "rangeTypes",
      "pg_type",
      () => "type",
      (row: RangeRow) => readRange(row, facts),
    );
  if (parts.has("routines"))
    catalog.routines = collect(
      "routines",
      "pg_proc",
      ({ kind }) => (kind === "procedure" ? "procedure" : "function"),
      (row: RoutineRow) => readRoutine(row, facts),
      ({ identity }) => `(${identity})`,
    );
  if (parts.has("aggregates"))
    catalog.aggregates = collect(
      "aggregates",
      "pg_proc",
      () => "aggregate",
      (row: AggregateRow) => readAggregate(row, facts),
      ({ identity }) => `(${identity})`,
    );
  if (parts.has("triggers"))
    catalog.triggers = attach("triggers", "pg_trigger", "trigger", (row: TriggerRow, table) =>
      readTrigger(row, table, facts),
    );
  if (parts.has("policies"))
    catalog.policies = attach("policies", "pg_policy", "policy", (row: PolicyRow, table) =>
      readPolicy(row, table),
    );
  if (parts.has("rules"))
    catalog.rules = attach("rules", "pg_rewrite", "rule", (row: RuleRow, table) =>
      readRule(row, table),
    );
  if (parts.has("statistics")) {
    const visible = rowsOf<StatisticsRow>("statistics").flatMap((row) => {
      const table = relations.get(row.relation);
      return table === undefined || table.hidden ? [] : [{ row, table }];
    });
    catalog.statistics = record(
      visible.map(({ row, table }) => {
        const item = readStatistics(row, table, facts);
        const key = qualifiedName(item.schema, item.name);
        book.add("pg_statistic_ext", row.oid, "statistics", key);
        return [key, item];
      }),
    );
  }
  const noted = <Row extends NoteRow, Item>(
    part: ObjectPart,
    read: (row: Row) => Item | undefined,
  ) =>
    record(
      rowsOf<Row>(part).flatMap((row): [string, Item][] => {
        const address = book.find(row);
        const item = address === undefined ? undefined : read(row);
        return address === undefined || item === undefined ? [] : [[address, item]];
      }),
    );
  if (parts.has("comments")) catalog.comments = noted("comments", ({ text }: CommentRow) => text);
  if (parts.has("grants"))
    catalog.grants = noted("grants", (row: GrantRow) => readGrants(row, facts.major));
}

/** A record with its keys in sorted order. */
function record<Item>(
  entries: readonly (readonly [string, Item])[],
): Readonly<Record<string, Item>> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
