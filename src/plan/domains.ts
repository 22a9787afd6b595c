import { qualifiedName, type Catalog, type Domain, type TypeRef } from "../catalog/index.ts";

type Domains = Pick<Catalog, "domains">;

/** A domain with a NOT NULL or a check of its own, or over one that has: a column of it is added by writing the table again. */
export function isConstrained({ domains }: Domains, type: TypeRef): boolean {
  const domain = domainOf({ domains }, type);
  if (domain === undefined) return false;
  return (
    !domain.nullable || domain.checks.length > 0 || isConstrained({ domains }, domain.baseType)
  );
}

/**
 * The type by which a column can stand in for one of this type for a while: itself, or what a domain's checks are about.
 *
 * @returns undefined for a domain that refuses NULL or gives a value where none is given: another type does neither
 */
export function standInType({ domains }: Domains, type: TypeRef): TypeRef | undefined {
  const domain = domainOf({ domains }, type);
  if (domain === undefined || !isConstrained({ domains }, type)) return type;
  if (!domain.nullable || domain.default !== null) return undefined;
  return standInType({ domains }, domain.baseType);
}

/** The domain that a type is; undefined for arrays of one, and for others. */
export function domainOf(
  { domains }: Domains,
  { kind, array, schema, name }: TypeRef,
): Domain | undefined {
  return kind === "domain" && !array ? domains[qualifiedName(schema, name)] : undefined;
}
