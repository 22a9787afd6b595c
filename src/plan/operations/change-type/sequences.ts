import type { Column, Identity, Sequence } from "../../../catalog/index.ts";
import { quoteIdent, quoteLiteral } from "../../../sql/index.ts";
import { sqlName } from "../../lookup.ts";
import { sequenceOptions } from "../../sequence-options.ts";
import { keyOf, namesOf, type ColumnChange } from "./facts.ts";
import { doBlock, granteeAndOption } from "./live.ts";

/**
 * What gives the column its values when an INSERT does not name it, moved from one form to the other: its default, the
 * sequence that goes with it, its identity.
 *
 * @param from name of the form that had it
 * @param to what the other form is called, and how it looks in the catalog
 */
export function movedDefault(
  change: ColumnChange,
  from: string,
  to: { readonly name: string; readonly column: Column },
): readonly string[] {
  const { table } = namesOf(change);
  const alter = (name: string) => `ALTER TABLE ${table} ALTER COLUMN ${quoteIdent(name)}`;
  const { identity, default: value } = to.column;
  return [
    ...(identity === null ? [`${alter(from)} DROP DEFAULT`] : []),
    ...(value === null ? [] : [`${alter(to.name)} SET DEFAULT ${value}`]),
    ...ownedBy(change).map(
      (sequence) => `ALTER SEQUENCE ${sqlName(sequence)} OWNED BY ${table}.${quoteIdent(to.name)}`,
    ),
    ...(identity === null ? [] : [movedIdentity(table, from, to.name, identity)]),
  ];
}

function ownedBy(change: ColumnChange): readonly Sequence[] {
  const key = keyOf(change);
  return Object.values(change.before.sequences).filter(
    ({ ownedBy: owner }) => owner?.table === key && owner.column === change.column.name,
  );
}

/**
 * The sequence of an identity column cannot change hands (`ALTER SEQUENCE … OWNED BY` refuses it), so it is made again
 * under its name, with its value, comment and privileges; changing an option locks it against `nextval` meanwhile.
 */
function movedIdentity(table: string, from: string, to: string, identity: Identity): string {
  const { options, generation } = identity;
  if (options === null) throw new Error(`${table}.${to} has an identity without a sequence`);
  const serial = `pg_catalog.pg_get_serial_sequence(${quoteLiteral(table)}, `;
  const always = generation === "always" ? "ALWAYS" : "BY DEFAULT";
  const clauses = sequenceOptions(options);
  return doBlock(
    ["sequence text;", "own record;", "rights aclitem[];", "note text;", "granted record;"],
    [
      `sequence := ${serial}${quoteLiteral(from)});`,
      `EXECUTE pg_catalog.format('ALTER SEQUENCE %s CACHE ${options.cache}', sequence);`,
      "EXECUTE pg_catalog.format('SELECT last_value, is_called FROM %s', sequence) INTO own;",
      "SELECT relacl, pg_catalog.obj_description(oid, 'pg_class') INTO rights, note",
      "FROM pg_catalog.pg_class WHERE oid = sequence::pg_catalog.regclass;",
      `ALTER TABLE ${table} ALTER COLUMN ${quoteIdent(from)} DROP IDENTITY;`,
      `EXECUTE pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s ADD GENERATED ${always} AS IDENTITY (SEQUENCE NAME %s ${clauses})',`,
      `  ${quoteLiteral(table)}, ${quoteLiteral(quoteIdent(to))}, sequence);`,
      `PERFORM pg_catalog.setval(sequence::pg_catalog.regclass, LEAST(own.last_value, ${options.max}), own.is_called);`,
      "IF note IS NOT NULL THEN",
      "  EXECUTE pg_catalog.format('COMMENT ON SEQUENCE %s IS %L', sequence, note);",
      "END IF;",
      "FOR granted IN SELECT a.* FROM pg_catalog.pg_class c, pg_catalog.aclexplode(rights) a",
      "  WHERE c.oid = sequence::pg_catalog.regclass AND a.grantee <> c.relowner",
      "LOOP",
      "  EXECUTE pg_catalog.format('GRANT %s ON SEQUENCE %s TO %s%s', granted.privilege_type, sequence,",
      ...granteeAndOption,
      "END LOOP;",
    ],
  );
}
