import { diff, qualifiedName, type Catalog, type CompositeType } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { undoOf } from "../inverse.ts";
import { named, sqlName } from "../lookup.ts";
import { transaction } from "../model.ts";
import { statementTitle } from "../wording.ts";
import type { OperationInput, Recognised, Refusal } from "./operation.ts";

/**
 * `ALTER TYPE` of a composite type. Its values are read and written by position, so where rows or routines have it the
 * two releases cannot share it; elsewhere attributes come before the new release and go in the contract phase.
 */
export async function changeComposite(
  input: OperationInput,
): Promise<Recognised | Refusal | undefined> {
  const { statement, before, after, start, goal, existed, searchPath } = input;
  const { node, sql } = statement;
  const relation =
    "AlterTableStmt" in node && node.AlterTableStmt.objtype === "OBJECT_TYPE"
      ? node.AlterTableStmt.relation
      : undefined;
  const type = relation && named(before.compositeTypes, relation, searchPath);
  if (type === undefined) return undefined;
  const name = qualifiedName(type.schema, type.name);
  const now = after.compositeTypes[name];
  if (start.compositeTypes[name] === undefined || now === undefined) return undefined;
  const title = statementTitle(sql);
  const user = userOf(type, start) ?? userOf(type, goal);
  const others = (await diff(before, after)).filter(
    ({ kind }) => kind !== "composite-type-changed",
  );
  const holder = user ?? others[0]?.object;
  if (holder !== undefined)
    return {
      title,
      refused: {
        why: `${holder} depends on the type ${sqlName(type)}, whose values are read and written by position: one of the two releases would give or get another number of attributes, or others, than it knows`,
        instead: [
          "create a second type, with a column of it beside the old one",
          "columns of their own in place of the type, filled from it (docs/plan-directives.md)",
        ],
      },
    };
  const note = `no column and no routine has the type ${sqlName(type)}; a statement that casts to it by position (ROW(…)::${sqlName(type)}) finds other attributes`;
  if (isAddition(type, now) && isAddition(start.compositeTypes[name], now)) {
    const { undo, remains } = await undoOf(before, after, existed);
    return {
      title,
      planned: {
        expand: [{ ...transaction(title, [sql]), undo }],
        remains,
        notes: [`${note} from the expand phase on`],
      },
    };
  }
  const gone = type.attributes.find(
    (attribute) => !now.attributes.some((one) => one.name === attribute.name),
  );
  const change =
    gone === undefined
      ? sql
      : `ALTER TYPE ${sqlName(type)} DROP ATTRIBUTE IF EXISTS ${quoteIdent(gone.name)}`;
  return {
    title,
    planned: {
      narrow: [transaction(title, [change])],
      notes: [`${note} from the contract phase on`],
    },
  };
}

/** True when nothing of the type has gone or become something else. */
function isAddition(was: CompositeType, is: CompositeType): boolean {
  return was.attributes.every((one, n) => {
    const now = is.attributes[n];
    return one.name === now?.name && one.type.text === now.type.text;
  });
}

/** What has the type: a column, an attribute of another type, a domain, a routine. */
function userOf({ schema, name }: CompositeType, catalog: Catalog): string | undefined {
  const own = qualifiedName(schema, name);
  const isOwn = (type: { readonly schema: string; readonly name: string }) =>
    type.schema === schema && type.name === name;
  const relations = [
    ...Object.values(catalog.tables),
    ...Object.values(catalog.views),
    ...Object.values(catalog.materializedViews),
  ];
  for (const relation of relations)
    for (const column of relation.columns)
      if (isOwn(column.type)) return `${sqlName(relation)}.${quoteIdent(column.name)}`;
  for (const other of Object.values(catalog.compositeTypes))
    for (const attribute of other.attributes)
      if (isOwn(attribute.type)) return `${sqlName(other)}.${quoteIdent(attribute.name)}`;
  for (const domain of Object.values(catalog.domains))
    if (isOwn(domain.baseType)) return sqlName(domain);
  for (const routine of [...Object.values(catalog.routines), ...Object.values(catalog.aggregates)])
    if (routine.arguments.includes(own) || routine.result?.includes(own) === true)
      return `${sqlName(routine)}(${routine.identity})`;
  return undefined;
}
