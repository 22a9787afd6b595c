import { groupBy } from "./group.ts";
import type { DomainFacts, Routine, TypeUse, WorldType } from "../model.ts";
import type { Grants } from "./access.ts";
import type { ExpressionTexts } from "./expressions.ts";
import { decodeModifier } from "./modifiers.ts";
import type { ConstraintRow, RoutineRow, TypeRow } from "./queries.ts";
import type { CatalogRows } from "./read-world.ts";

/** What type oids mean. */
export class TypeNames {
  readonly #rows: ReadonlyMap<number, TypeRow>;

  constructor(rows: readonly TypeRow[]) {
    this.#rows = new Map(rows.map((row) => [row.oid, row]));
  }

  use(oid: number, modifier = -1): TypeUse {
    const row = this.#rows.get(oid);
    if (row === undefined) return { schema: undefined, name: "", modifiers: [], array: false };
    const element = row.element === null ? undefined : this.#rows.get(row.element);
    const named = element ?? row;
    return {
      schema: named.schema_name,
      name: named.name,
      modifiers: decodeModifier(named.schema_name, named.name, modifier),
      array: element !== undefined,
    };
  }
}

/** `pg_type.typtype` of what a world lists. */
const kinds: Readonly<Record<string, WorldType["kind"]>> = {
  e: "enum",
  d: "domain",
  c: "composite",
  r: "range",
  m: "multirange",
  b: "base",
};

/** Types of the read schemas, without arrays and without the row types of tables and views. */
export function buildTypes(
  catalog: CatalogRows,
  types: TypeNames,
  texts: ExpressionTexts,
): readonly WorldType[] {
  const schemas = new Set(catalog.schemas.map((row) => row.oid));
  const labels = new Map(catalog.labels.map((row) => [row.type, row.labels]));
  const checks = groupBy(
    catalog.constraints.filter((row) => row.domain !== 0 && row.kind === "c"),
    (row) => row.domain,
  );
  return catalog.types.flatMap((row) => {
    const kind = kinds[row.kind];
    const listed = schemas.has(row.schema) && row.element === null && kind !== undefined;
    if (!listed || (kind === "composite" && row.relation_kind !== "c")) return [];
    return {
      id: row.oid,
      schema: row.schema_name,
      name: row.name,
      kind,
      labels: labels.get(row.oid) ?? [],
      range: row.range ?? undefined,
      domain:
        kind === "domain" ? domainFacts(row, checks.get(row.oid) ?? [], types, texts) : undefined,
    };
  });
}

function domainFacts(
  row: TypeRow,
  checks: readonly ConstraintRow[],
  types: TypeNames,
  texts: ExpressionTexts,
): DomainFacts {
  return {
    base: types.use(row.base, row.modifier),
    notNull: row.not_null,
    default: texts.expressions(row.default)[0],
    checks: checks.flatMap(({ name, valid, expression }) => {
      const [node] = texts.expressions(expression);
      return node === undefined ? [] : { name, valid, expression: node };
    }),
  };
}

const volatilities: Readonly<Record<string, Routine["volatility"]>> = {
  i: "immutable",
  s: "stable",
  v: "volatile",
};

const routineKinds: Readonly<Record<string, Routine["kind"]>> = {
  p: "procedure",
  a: "aggregate",
};

export function buildRoutines(
  catalog: CatalogRows,
  types: TypeNames,
  texts: ExpressionTexts,
  grants: Grants,
): readonly Routine[] {
  const schemas = new Map(catalog.schemas.map((row) => [row.oid, row.name]));
  return catalog.routines.map((row: RoutineRow) => ({
    id: row.oid,
    schema: schemas.get(row.schema) ?? "",
    name: row.name,
    kind: routineKinds[row.kind] ?? "function",
    arguments: row.arguments.map((type) => types.use(Number(type))),
    volatility: volatilities[row.volatility] ?? "volatile",
    language: row.language,
    strict: row.strict,
    securityDefiner: row.security_definer,
    hasSettings: row.has_settings,
    returns: row.kind === "p" ? undefined : types.use(row.returns),
    returnsSet: row.returns_set,
    body: row.body ?? undefined,
    sqlBody: texts.sqlBody(row.sql_body),
    owner: row.owner,
    grants: grants.of("routine", row.oid),
  }));
}
