import {
  qualifiedName,
  type Catalog,
  type Index,
  type KeyConstraint,
  type Table,
} from "../../catalog/index.ts";
import { quoteIdent, quoteQualified } from "../../sql/index.ts";
import { partitionsIn, sqlName } from "../lookup.ts";
import { transaction, type Step } from "../model.ts";
import { buildSteps } from "./index-build.ts";

export interface KeyBuild {
  /** The catalog that has the key on the table and on each partition. */
  readonly catalog: Catalog;
  readonly table: Table;
  readonly key: KeyConstraint;
  /** Name to build an index under. */
  readonly nameOf: (index: Index) => string;
  /** A key of the table that goes in the moment in which this one comes. */
  readonly instead?: string | undefined;
}

/** The steps of a key: what takes long, and what then names it. */
export interface KeySteps {
  readonly builds: readonly Step[];
  readonly names: readonly Step[];
  /** Indexes that have another name until they are the key's, as SQL. */
  readonly renamed: readonly string[];
}

/**
 * A primary key or unique constraint over an index that is built while writes go on. A partitioned table's key is made
 * of those of its partitions (manual 5.12.2).
 */
export function keySteps(build: KeyBuild): KeySteps {
  const { table, key, nameOf, instead } = build;
  const index = indexOf(table, key);
  const name = quoteIdent(key.name);
  if (table.kind !== "partitioned") {
    const made = nameOf(index);
    return {
      builds: buildSteps({ ...build, index }),
      names: [keyOver(table, key, made, instead)],
      renamed: made === index.name ? [] : [quoteQualified(table.schema, made)],
    };
  }
  const { leaves, joins } = partsOf(build);
  const parts = leaves.map(keySteps);
  const builds = parts.flatMap((part) => part.builds);
  const names = parts.flatMap((part) => part.names);
  const renamed = parts.flatMap((part) => part.renamed);
  const title = `${name} of ${sqlName(table)}, of what the partitions have`;
  const undo = [dropped(table, key.name)];
  if (instead === undefined)
    return { builds, names: [...names, transaction(title, joins, undo)], renamed };
  // The partitions' keys go with the old one: a table has one primary key.
  const own = names.flatMap((step) => (step.kind === "transaction" ? step.statements : []));
  const together = transaction(title, [dropped(table, instead), ...own, ...joins], undo);
  return { builds, names: [together], renamed };
}

/** The key over an index that is there; what its rows need is not checked again, but for NOT NULL. */
export function keyOver(table: Table, key: KeyConstraint, index: string, instead?: string): Step {
  const kind = key.kind === "primary-key" ? "PRIMARY KEY" : "UNIQUE";
  const add = `ADD CONSTRAINT ${quoteIdent(key.name)} ${kind} USING INDEX ${quoteIdent(index)}${deferral(key)}`;
  const drop = instead === undefined ? "" : `DROP CONSTRAINT ${quoteIdent(instead)}, `;
  return transaction(
    `${quoteIdent(key.name)} of ${sqlName(table)}, over the index`,
    [`ALTER TABLE ${sqlName(table)} ${drop}${add}`],
    [dropped(table, key.name)],
  );
}

function dropped(table: Table, constraint: string): string {
  return `ALTER TABLE ${sqlName(table)} DROP CONSTRAINT IF EXISTS ${quoteIdent(constraint)}`;
}

/** Keys of the partitions that hold rows, and the statements that join them, the lowest level first. */
function partsOf(build: KeyBuild): {
  readonly leaves: readonly KeyBuild[];
  readonly joins: readonly string[];
} {
  const { catalog, table, key } = build;
  const parent = qualifiedName(table.schema, key.index);
  const own = quoteQualified(table.schema, key.index);
  const leaves: KeyBuild[] = [];
  const below: string[] = [];
  const attached: string[] = [];
  for (const partition of partitionsIn(catalog, table)) {
    const index = partition.indexes.find(({ partitionOf }) => partitionOf === parent);
    const part = partition.constraints.find(
      (one): one is KeyConstraint => isKey(one) && one.index === index?.name,
    );
    if (index === undefined || part === undefined) continue;
    const next: KeyBuild = { ...build, table: partition, key: part, instead: undefined };
    if (partition.kind === "partitioned") {
      const { leaves: more, joins } = partsOf(next);
      leaves.push(...more);
      below.push(...joins);
    } else leaves.push(next);
    attached.push(
      `ALTER INDEX ${own} ATTACH PARTITION ${quoteQualified(partition.schema, index.name)}`,
    );
  }
  const made = `ALTER TABLE ONLY ${sqlName(table)} ADD CONSTRAINT ${quoteIdent(key.name)} ${key.definition}`;
  return { leaves, joins: [...below, made, ...attached] };
}

export function isKey(constraint: { readonly kind: string }): constraint is KeyConstraint {
  return constraint.kind === "primary-key" || constraint.kind === "unique";
}

/** The index that a key of a table is. */
export function indexOf({ indexes }: Table, { index }: KeyConstraint): Index {
  return indexes.find(({ name }) => name === index)!;
}

function deferral({ deferrable }: KeyConstraint): string {
  if (deferrable === "no") return "";
  return deferrable === "initially-deferred"
    ? " DEFERRABLE INITIALLY DEFERRED"
    : " DEFERRABLE INITIALLY IMMEDIATE";
}
