import type { ObjectId, TypeUse } from "../model.ts";

/** A column that a query can refer to. */
export interface ScopeColumn {
  readonly name: string;
  readonly type: TypeUse | undefined;
  /** The columns of relations that a reference to it reads: two for one merged by USING. */
  readonly origins: readonly { readonly relation: ObjectId; readonly column: string }[];
}

/** One item of FROM under the name by which the query knows it. */
export interface Source {
  readonly name: string;
  readonly schema: string | undefined;
  readonly columns: readonly ScopeColumn[];
  /** False when there may be columns that are not listed. */
  readonly known: boolean;
}

/** What names mean inside one SELECT: its sources, then those of the queries around it. */
export interface Scope {
  readonly sources: readonly Source[];
  /** Columns of `*`, in order. */
  readonly star: readonly ScopeColumn[];
  readonly outer: Scope | undefined;
}

/** The column that `table.column` or `column` means; undefined when none is known. */
export function resolveColumn(
  scope: Scope | undefined,
  path: readonly string[],
): ScopeColumn | undefined {
  const name = path.at(-1)!;
  const qualifier = path.at(-2);
  for (let current = scope; current !== undefined; current = current.outer) {
    const found =
      qualifier === undefined
        ? (current.star.find((column) => column.name === name) ??
          firstColumn(current.sources, name))
        : sourceNamed(current, qualifier)?.columns.find((column) => column.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function sourceNamed(scope: Scope, name: string): Source | undefined {
  return scope.sources.find((source) => source.name === name);
}

function firstColumn(sources: readonly Source[], name: string): ScopeColumn | undefined {
  for (const source of sources) {
    const found = source.columns.find((column) => column.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}
