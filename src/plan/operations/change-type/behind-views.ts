import { qualifiedName, type Catalog, type View } from "../../../catalog/index.ts";
import { quoteLiteral } from "../../../sql/index.ts";
import { named, sqlName, writtenName } from "../../lookup.ts";
import type { Exemption } from "../../model.ts";
import type { NaiveStatement, OperationInput, Recognised, Refusal } from "../operation.ts";
import { changeTypeWith } from "./index.ts";

/**
 * A change of type between `DROP VIEW` and `CREATE VIEW`, which Postgres asks for where views read the column. The views
 * go and come in the transaction in which the column changes over, so that nobody finds them missing.
 */
export async function changeTypeBehindViews(
  input: OperationInput,
): Promise<Recognised | Refusal | undefined> {
  const { before, following, searchPath } = input;
  const all = [input, ...following];
  const drops = leading(all, (one) => droppedBy(one, searchPath) !== undefined);
  const dropped = drops.flatMap((one) => droppedBy(one, searchPath) ?? []);
  const [first, ...behind] = all.slice(drops.length);
  if (drops.length === 0 || first === undefined) return undefined;
  const change = behind.findIndex((one) => isMaking(one));
  const makes = change < 0 ? [] : leading(behind.slice(change), isMaking);
  const after = makes.at(-1)?.after;
  const made = dropped.map((view) => after?.views[keyOf(view)]);
  if (makes.length !== dropped.length || made.includes(undefined)) return undefined;
  const found = await changeTypeWith(
    { ...input, ...first, following: behind.slice(0, change) },
    {
      first: {
        forward: drops.map(({ statement }) => statement.sql),
        back: [`DROP VIEW IF EXISTS ${dropped.map(sqlName).join(", ")}`],
      },
      last: {
        forward: makes.map(({ statement }) => statement.sql),
        back: dropped.toReversed().flatMap((view) => asBefore(view, before)),
      },
    },
  );
  if (found === undefined || !("planned" in found)) return found;
  // One change of type, and nothing else in between.
  if ((found.takes ?? 0) !== change) return undefined;
  const title = `${found.title}, with ${dropped.map(sqlName).join(", ")}`;
  const hanging = dropped.find((view) => isMoreThanItsQuery(view, before));
  if (hanging !== undefined)
    return {
      title,
      refused: {
        why: `${sqlName(hanging)} has triggers, rules or defaults of columns, which would have to come back with it`,
        instead: ["drop what hangs on the view in a migration before this one"],
      },
    };
  const ofViews = dropped.flatMap((view, n) => viewExemptions(view, made[n]!));
  const exemptions = [...(found.planned.exemptions ?? []), ...ofViews];
  const planned = { ...found.planned, exemptions };
  return { title, takes: drops.length + change + makes.length, planned };
}

/** What reads a column of another type is of another type itself. */
function viewExemptions(view: View, made: View): readonly Exemption[] {
  const relation = keyOf(view);
  return [
    { kind: "prepared-statements", relation },
    ...changedColumns(view, made).map((column): Exemption => ({
      kind: "other-type",
      relation,
      column,
    })),
  ];
}

/** Columns that both forms of a view have, with other types. */
function changedColumns(view: View, made: View): readonly string[] {
  return view.columns.flatMap(({ name, type }) => {
    const later = made.columns.find((column) => column.name === name);
    return later === undefined || later.type.text === type.text ? [] : [name];
  });
}

function leading(
  statements: readonly NaiveStatement[],
  isOne: (one: NaiveStatement) => boolean,
): readonly NaiveStatement[] {
  const end = statements.findIndex((one) => !isOne(one));
  return end < 0 ? statements : statements.slice(0, end);
}

function isMaking({ statement: { node } }: NaiveStatement): boolean {
  return "ViewStmt" in node;
}

/** The views that a statement drops, in its order; undefined when it is no `DROP VIEW` of views that are there. */
function droppedBy(
  { statement: { node }, before }: NaiveStatement,
  searchPath: readonly string[],
): readonly View[] | undefined {
  if (!("DropStmt" in node) || node.DropStmt.removeType !== "OBJECT_VIEW") return undefined;
  if (node.DropStmt.behavior === "DROP_CASCADE") return undefined;
  const { objects = [] } = node.DropStmt;
  const views = objects.flatMap((object) => {
    const items = "List" in object ? (object.List.items ?? []) : [];
    return named(before.views, writtenName(items), searchPath) ?? [];
  });
  return views.length === objects.length ? views : undefined;
}

function keyOf({ schema, name }: View): string {
  return qualifiedName(schema, name);
}

/** The view as the catalog has it, with its options, privileges and comment. */
function asBefore(view: View, { grants, comments }: Catalog): readonly string[] {
  const name = sqlName(view);
  const address = `view ${keyOf(view)}`;
  const options = Object.entries(view.options).map(([option, value]) => `${option} = ${value}`);
  const clause = options.length === 0 ? "" : ` WITH (${options.join(", ")})`;
  const comment = comments[address];
  return [
    `CREATE VIEW ${name}${clause} AS ${view.definition.replace(/;\s*$/, "")}`,
    ...(grants[address] ?? []).flatMap(({ grantee, privilege, grantable }) =>
      grantee === "OWNER"
        ? []
        : [`GRANT ${privilege} ON ${name} TO ${grantee}${grantable ? " WITH GRANT OPTION" : ""}`],
    ),
    ...(comment === undefined
      ? []
      : [`COMMENT ON VIEW ${name} IS ${quoteLiteral(comment).trim()}`]),
  ];
}

function isMoreThanItsQuery(view: View, { triggers, rules }: Catalog): boolean {
  const key = keyOf(view);
  return (
    view.columns.some((column) => column.default !== null) ||
    [...Object.values(triggers), ...Object.values(rules)].some(({ table }) => table === key)
  );
}
