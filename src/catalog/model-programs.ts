import type { QualifiedName } from "./names.ts";
import type { Options } from "./model.ts";

/** A function, procedure or window function. */
export interface Routine {
  readonly schema: string;
  readonly name: string;
  readonly kind: "function" | "procedure" | "window";
  /** Types of the input arguments, which identify it: `integer, text`. */
  readonly identity: string;
  /** Arguments with modes, names, types and defaults. */
  readonly arguments: string;
  /** `integer`, `SETOF public.orders`, `TABLE(id integer)`; null for a procedure. */
  readonly result: string | null;
  readonly language: string;
  readonly volatility: "immutable" | "stable" | "volatile";
  readonly parallel: "safe" | "restricted" | "unsafe";
  readonly strict: boolean;
  readonly security: "invoker" | "definer";
  readonly leakproof: boolean;
  readonly cost: number;
  /** Rows it is planned with; 0 when it returns no set. */
  readonly rows: number;
  /** Settings of its SET clauses. */
  readonly options: Options;
  /** Source text, or for a C function the link symbol; for an SQL-standard body that body as printed. */
  readonly body: string;
  /** Library of a C function. */
  readonly library: string | null;
}

export interface Aggregate {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly arguments: string;
  readonly result: string;
  readonly kind: "normal" | "ordered-set" | "hypothetical-set";
  readonly parallel: "safe" | "restricted" | "unsafe";
  readonly transition: QualifiedName;
  readonly stateType: string;
  readonly final: QualifiedName | null;
  readonly combine: QualifiedName | null;
  readonly initial: string | null;
}

/** A trigger of a table, foreign table or view. Those that Postgres makes for constraints are left out. */
export interface Trigger {
  readonly table: QualifiedName;
  readonly name: string;
  readonly function: QualifiedName;
  /** When it fires (`session_replication_role`). */
  readonly enabled: "origin" | "disabled" | "replica" | "always";
  /** True on a partition when it is the copy of the partitioned table's trigger. */
  readonly inherited: boolean;
  readonly definition: string;
}

/** A row security policy. */
export interface Policy {
  readonly table: QualifiedName;
  readonly name: string;
  readonly permissive: boolean;
  readonly command: "all" | "select" | "insert" | "update" | "delete";
  /** Sorted; `PUBLIC` for everyone. */
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly withCheck: string | null;
}

export interface Rule {
  readonly table: QualifiedName;
  readonly name: string;
  readonly enabled: "origin" | "disabled" | "replica" | "always";
  readonly definition: string;
}

export interface Statistics {
  readonly schema: string;
  readonly name: string;
  readonly table: QualifiedName;
  readonly definition: string;
}
