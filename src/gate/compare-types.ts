import { qualifiedName } from "../catalog/index.ts";
import type { Contract, ContractEnum } from "../contract/index.ts";
import { quoteIdent, quoteLiteral, quoteQualified } from "../sql/index.ts";
import { sameExpression, type Live } from "./live.ts";
import type { Finding } from "./result.ts";
import { judgeType } from "../runtime/index.ts";

/** Enum types with their values (A1), domains, composite types, sequences. */
export function compareTypes(contract: Contract, live: Live): readonly Finding[] {
  const { catalog } = live;
  return [
    ...contract.enums.flatMap((type) => compareEnum(type, live)),
    ...contract.domains.flatMap((domain): readonly Finding[] => {
      const object = qualifiedName(domain.schema, domain.name);
      const found = catalog.domains[object];
      const base = { object, from: domain.from, address: `type ${object}` };
      if (found === undefined)
        return [
          {
            ...base,
            severity: "error",
            kind: "missing-domain",
            expected: `domain over ${domain.type}`,
            found: "no such domain",
            effect: "statements that name the type fail (42704)",
          },
        ];
      const findings: Finding[] = [];
      const verdict = judgeType(domain.type, found.baseType.text);
      if (verdict !== undefined)
        findings.push({
          ...base,
          severity: verdict.severity,
          kind: "wrong-type",
          expected: domain.type,
          found: found.baseType.text,
          effect: verdict.why,
        });
      for (const { name, expression, valid } of found.checks)
        if (!domain.checks.some((check) => sameExpression(live, check, expression)))
          findings.push({
            ...base,
            severity: "warning",
            kind: "extra-check",
            expected: domain.checks.join(" AND ") || "no check",
            found: `CHECK (${expression})`,
            effect: "values of the code may be refused (23514): it depends on the data",
          });
        else if (!valid)
          findings.push({
            ...base,
            severity: "warning",
            kind: "not-validated",
            expected: "a validated constraint",
            found: `${name} is NOT VALID: old values were never checked`,
            effect: "values that break the rule may be among those the code reads",
            next: `ALTER DOMAIN ${quoteQualified(domain.schema, domain.name)} VALIDATE CONSTRAINT ${quoteIdent(name)}`,
          });
      for (const check of domain.checks)
        if (!found.checks.some(({ expression }) => sameExpression(live, expression, check)))
          findings.push({
            ...base,
            severity: "warning",
            kind: "missing-check",
            expected: `CHECK (${check})`,
            found: "no such check",
            effect: "the database no longer refuses values that break the rule",
          });
      return findings;
    }),
    ...contract.composites.flatMap((type): readonly Finding[] => {
      const object = qualifiedName(type.schema, type.name);
      const found = catalog.compositeTypes[object];
      const expected = attributeList(type.attributes);
      const live =
        found &&
        attributeList(found.attributes.map(({ name, type: { text } }) => ({ name, type: text })));
      if (live === expected) return [];
      return [
        {
          severity: "error",
          object,
          kind: found === undefined ? "missing-type" : "wrong-type",
          expected,
          found: live ?? "no such type",
          from: type.from,
          effect: "its values are read and written by position",
          address: `type ${object}`,
        },
      ];
    }),
    ...contract.sequences.flatMap(({ schema, name, from }): readonly Finding[] => {
      const object = qualifiedName(schema, name);
      if (catalog.sequences[object] !== undefined) return [];
      return [
        {
          severity: "error",
          object,
          kind: "missing-sequence",
          expected: "a sequence",
          found: "no such sequence",
          from,
          effect: "nextval of it fails (42P01)",
          address: `relation ${object}`,
        },
      ];
    }),
  ];
}

function attributeList(
  attributes: readonly { readonly name: string; readonly type: string }[],
): string {
  return `(${attributes.map(({ name, type }) => `${qualifiedName(name)} ${type}`).join(", ")})`;
}

function compareEnum(wanted: ContractEnum, live: Live): readonly Finding[] {
  const object = qualifiedName(wanted.schema, wanted.name);
  const found = live.catalog.enums[object];
  if (found === undefined)
    return [
      {
        severity: "error",
        object,
        kind: "missing-enum",
        expected: `enum (${wanted.labels.join(", ")})`,
        found: "no such enum type",
        from: wanted.from,
        effect: "statements that name the type fail (42704)",
        address: `type ${object}`,
      },
    ];
  const missing = wanted.labels.filter((label) => !found.labels.includes(label));
  const findings = missing.map((label) => missingLabel(wanted, object, label, found.labels));
  const shared = found.labels.filter((label) => wanted.labels.includes(label));
  const order = wanted.labels.filter((label) => shared.includes(label));
  if (wanted.ordered !== false && shared.join("\0") !== order.join("\0"))
    findings.push({
      severity: "warning",
      object,
      kind: "wrong-enum-order",
      expected: order.join(" < "),
      found: shared.join(" < "),
      from: wanted.from,
      effect: "ORDER BY, <, >, min and max give another result",
      address: `type ${object}`,
    });
  return findings;
}

function missingLabel(
  wanted: ContractEnum,
  object: string,
  label: string,
  labels: readonly string[],
): Finding {
  const at = wanted.labels.indexOf(label);
  const before = wanted.labels.slice(0, at).findLast((one) => labels.includes(one));
  const place = before === undefined ? "" : ` AFTER ${quoteLiteral(before)}`;
  const type = quoteQualified(wanted.schema, wanted.name);
  return {
    severity: "error",
    object: `${object}.${qualifiedName(label)}`,
    kind: "missing-enum-value",
    expected: `value '${label}' of enum ${object}`,
    found: `only ${labels.map((one) => `'${one}'`).join(", ")}`,
    from: wanted.labelFrom?.[label] ?? wanted.from,
    effect: `a statement that writes or compares '${label}' fails (22P02)`,
    address: `label ${object}.${qualifiedName(label)}`,
    next: `ALTER TYPE ${type} ADD VALUE ${quoteLiteral(label)}${place}`,
  };
}
