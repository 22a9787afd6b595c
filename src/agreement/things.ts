import {
  qualifiedName,
  type CatalogPart,
  type Column,
  type Constraint,
  type Difference,
  type Index,
  type PartialCatalog,
  type QualifiedName,
  type Table,
} from "../catalog/index.ts";

/** One object of a catalog, as a row of the table speaks of it. */
export interface Thing {
  readonly word: string;
  readonly object: QualifiedName;
  /** The table or materialized view it is part of. */
  readonly table: QualifiedName | undefined;
  /** As contracts and origins name it (`Annotations.from`); undefined where they do not. */
  readonly address: string | undefined;
  readonly item: unknown;
  /** What it is, in a line. */
  readonly text: string;
  /** The same in few words. */
  readonly brief: string;
}

/** Objects by `word object`. */
export type Things = ReadonlyMap<string, Thing>;

type AnyCatalog = Partial<PartialCatalog<CatalogPart>>;

/** All objects of a catalog by word and name, those of tables included. */
export function thingsOf(catalog: AnyCatalog): Things {
  const things = new Map<string, Thing>();
  const add = (
    word: string,
    object: string,
    item: unknown,
    text: string,
    rest: { readonly table?: string; readonly address?: string; readonly brief?: string } = {},
  ) => {
    const { table, address, brief = text } = rest;
    things.set(`${word} ${object}`, { word, object, table, address, item, text, brief });
  };
  for (const one of catalog.schemas ?? [])
    add("schema", qualifiedName(one.name), one, "schema", {
      address: `schema ${qualifiedName(one.name)}`,
    });
  for (const one of catalog.extensions ?? [])
    add("extension", qualifiedName(one.name), one, `version ${one.version} in ${one.schema}`);
  for (const [name, table] of Object.entries(catalog.tables ?? {})) {
    add("table", name, table, tableText(table), { address: `relation ${name}` });
    for (const column of table.columns) {
      const own = `${name}.${qualifiedName(column.name)}`;
      add("column", own, column, columnText(column), { table: name, address: `column ${own}` });
    }
    for (const constraint of table.constraints) {
      const own = `${name}.${qualifiedName(constraint.name)}`;
      add("constraint", own, constraint, constraintText(constraint), {
        table: name,
        address: `constraint ${own}`,
        brief: constraintBrief(constraint),
      });
    }
    addIndexes(name, table.schema, table.indexes);
  }
  for (const [name, view] of Object.entries(catalog.views ?? {}))
    add("view", name, view, oneLine(view.definition), {
      address: `relation ${name}`,
      brief: `${view.columns.length} columns`,
    });
  for (const [name, view] of Object.entries(catalog.materializedViews ?? {})) {
    add("materialized-view", name, view, oneLine(view.definition), { address: `relation ${name}` });
    addIndexes(name, view.schema, view.indexes);
  }
  for (const [name, one] of Object.entries(catalog.sequences ?? {}))
    add("sequence", name, one, `${one.type}, from ${one.start} by ${one.increment}`, {
      address: `relation ${name}`,
    });
  for (const [name, one] of Object.entries(catalog.enums ?? {}))
    add("enum", name, one, one.labels.join(", "), { address: `type ${name}` });
  for (const [name, one] of Object.entries(catalog.domains ?? {}))
    add("domain", name, one, domainText(one), { address: `type ${name}` });
  for (const [name, one] of Object.entries(catalog.compositeTypes ?? {}))
    add(
      "composite-type",
      name,
      one,
      one.attributes.map(({ name: own, type }) => `${own} ${type.text}`).join(", "),
      { address: `type ${name}` },
    );
  for (const [name, one] of Object.entries(catalog.rangeTypes ?? {}))
    add("range-type", name, one, `range of ${one.subtype.text}`, { address: `type ${name}` });
  for (const [name, one] of Object.entries(catalog.routines ?? {}))
    add("routine", name, one, oneLine(`${one.result ?? one.kind}: ${one.body}`));
  for (const [name, one] of Object.entries(catalog.aggregates ?? {}))
    add("aggregate", name, one, one.result);
  for (const [name, one] of Object.entries(catalog.triggers ?? {}))
    add("trigger", name, one, triggerText(one.definition, one.enabled), { table: one.table });
  for (const [name, one] of Object.entries(catalog.policies ?? {}))
    add("policy", name, one, `for ${one.command} to ${one.roles.join(", ")}`, { table: one.table });
  for (const [name, one] of Object.entries(catalog.rules ?? {}))
    add("rule", name, one, oneLine(one.definition), { table: one.table });
  for (const [name, one] of Object.entries(catalog.statistics ?? {}))
    add("statistics", name, one, oneLine(one.definition), { table: one.table });
  return things;

  function addIndexes(table: string, schema: string, indexes: readonly Index[]): void {
    for (const index of indexes) {
      const own = qualifiedName(schema, index.name);
      add("index", own, index, indexText(index), { table, address: `index ${own}` });
    }
  }
}

/** The key of the object that a difference is about. */
export function keyOf({ kind, object }: Pick<Difference, "kind" | "object">): string {
  return `${wordOf(kind)} ${object}`;
}

const prefixes: readonly (readonly [RegExp, string])[] = [
  [/^(?:column-order|partition|row-security|replica-identity|foreign-table|table)\b/, "table"],
  [/^(?:column|not-null)\b/, "column"],
  [/^materialized-view\b/, "materialized-view"],
  [/^enum\b/, "enum"],
  [/^composite-type\b/, "composite-type"],
  [/^range-type\b/, "range-type"],
];

function wordOf(kind: Difference["kind"]): string {
  const bare = kind.replace(/^(?:missing|extra)-/, "");
  for (const [pattern, word] of prefixes) if (pattern.test(bare)) return word;
  return bare.replace(/-.*$/, "");
}

function tableText(table: Table): string {
  const kind = table.kind === "table" ? "" : `${table.kind}, `;
  const amount = table.columns.length;
  return `${kind}${amount} column${amount === 1 ? "" : "s"}`;
}

/** A column as its definition says it: type, NOT NULL, default. */
function columnText({ type, nullable, default: fallback, identity, generated }: Column): string {
  return oneLine(
    [
      type.text,
      ...(nullable ? [] : ["NOT NULL"]),
      ...(fallback === null ? [] : [`DEFAULT ${fallback}`]),
      ...(identity === null
        ? []
        : [`GENERATED ${identity.generation === "always" ? "ALWAYS" : "BY DEFAULT"} AS IDENTITY`]),
      ...(generated === null ? [] : [`GENERATED ALWAYS AS (${generated.expression})`]),
    ].join(" "),
  );
}

function constraintBrief(constraint: Constraint): string {
  if (constraint.kind === "foreign-key") return `→ ${constraint.references.table}`;
  if (constraint.kind === "check") return constraint.expression;
  if (constraint.kind === "exclusion") return oneLine(constraint.definition);
  return `(${constraint.columns.join(", ")})`;
}

function constraintText({ definition }: Constraint): string {
  return oneLine(definition);
}

/** What follows ON table: the method where it is not btree, keys, INCLUDE, WITH, WHERE. */
function indexText({ definition, unique, valid, method }: Index): string {
  const at = definition.indexOf(" USING ");
  const rest = at === -1 ? definition : definition.slice(at + " USING ".length);
  const own = method === "btree" && rest.startsWith("btree ") ? rest.slice("btree ".length) : rest;
  return oneLine(`${unique ? "UNIQUE " : ""}${own}${valid ? "" : " INVALID"}`);
}

function domainText(one: {
  readonly baseType: { readonly text: string };
  readonly nullable: boolean;
  readonly checks: readonly { readonly expression: string }[];
}): string {
  const checks = one.checks.map(({ expression }) => `CHECK (${expression})`);
  return oneLine([one.baseType.text, ...(one.nullable ? [] : ["NOT NULL"]), ...checks].join(" "));
}

function triggerText(definition: string, enabled: string): string {
  const text = oneLine(definition.replace(/^CREATE (?:CONSTRAINT )?TRIGGER \S+ /, ""));
  return enabled === "origin" ? text : `${text} (${enabled})`;
}

/** Longest text of one side; a view's query is longer than anybody compares by eye. */
const longest = 240;

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

/** Its own name, without those of schema and table. */
export function nameOf({ item, object }: Thing): string {
  const { name } = item as { readonly name?: string };
  return name === undefined ? object : qualifiedName(name);
}

/** How a row names what it is about. */
export function whatIs({ word, item }: Thing): string {
  if (word === "index" && (item as Index).unique) return "unique index";
  if (word !== "constraint") return word.replaceAll("-", " ");
  const { kind } = item as Constraint;
  const names = {
    "primary-key": "primary key",
    unique: "unique constraint",
    "foreign-key": "foreign key",
    check: "CHECK",
    exclusion: "exclusion constraint",
  } as const;
  return names[kind];
}
