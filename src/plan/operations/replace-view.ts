import { qualifiedName, type Catalog, type QualifiedName, type View } from "../../catalog/index.ts";
import { walk } from "../../effects/index.ts";
import { parseLoaded, quoteIdent } from "../../sql/index.ts";
import { named, sqlName, writtenName, type WrittenName } from "../lookup.ts";
import type { Change, Step } from "../model.ts";
import type { NaiveStatement, OperationInput, Recognised, Refusal } from "./operation.ts";

/**
 * A view that is there in another form: by `CREATE OR REPLACE`, or by `DROP` and `CREATE` one after the other where
 * the new form has every column of the old one. Right before the new release; both read it from then on.
 */
export function replaceView(input: OperationInput): Recognised | Refusal | undefined {
  const { statement, before, following, start, searchPath } = input;
  const { node, sql } = statement;
  if ("ViewStmt" in node && node.ViewStmt.replace === true) {
    const view = named(before.views, node.ViewStmt.view ?? {}, searchPath);
    if (view !== undefined && readsItself(input.after, view))
      return {
        title: `another form of view ${sqlName(view)}`,
        refused: {
          why: `in its new form ${sqlName(view)} reads a view that reads ${sqlName(view)}: Postgres makes it, and every query of either fails`,
          instead: ["a view that reads tables, or views that do not read it"],
        },
      };
    return view && replaced(input, view, [sql], input.after);
  }
  const [next] = following;
  const dropped = droppedView(node);
  const view = dropped && named(before.views, dropped, searchPath);
  const made = next && madeAnew(next, view, searchPath);
  if (view === undefined || next === undefined || made === undefined) return undefined;
  if (start.views[keyOf(view)] === undefined || !hasAll(made, view)) return undefined;
  // What hangs on it would go with it.
  if (isRead(before, view)) return undefined;
  const found = replaced(input, view, [sql, next.statement.sql], next.after);
  return found && { ...found, takes: 1 };
}

function droppedView(node: NaiveStatement["statement"]["node"]): WrittenName | undefined {
  if (!("DropStmt" in node) || node.DropStmt.removeType !== "OBJECT_VIEW") return undefined;
  const [object, ...more] = node.DropStmt.objects ?? [];
  if (object === undefined || more.length > 0 || !("List" in object)) return undefined;
  return writtenName(object.List.items ?? []);
}

function madeAnew(
  { statement: { node }, after }: NaiveStatement,
  view: View | undefined,
  searchPath: readonly string[],
): View | undefined {
  if (view === undefined || !("ViewStmt" in node)) return undefined;
  const made = named(after.views, node.ViewStmt.view ?? {}, searchPath);
  return made !== undefined && keyOf(made) === keyOf(view) ? made : undefined;
}

function hasAll(made: View, view: View): boolean {
  return view.columns.every(({ name, type, collation }) =>
    made.columns.some(
      (one) => one.name === name && one.type.text === type.text && one.collation === collation,
    ),
  );
}

function replaced(
  { before, start }: OperationInput,
  view: View,
  statements: readonly string[],
  after: Catalog,
): Recognised | undefined {
  const key = keyOf(view);
  const made = after.views[key];
  if (made === undefined || JSON.stringify(made) === JSON.stringify(view)) return undefined;
  const title = `another form of view ${sqlName(view)}`;
  const back = start.views[key] === undefined ? [] : undoing(before, view, made);
  const step: Step = { kind: "transaction", title, statements, undo: back ?? [] };
  return {
    title,
    planned: {
      settle: [step],
      notes: [
        `${sqlName(view)} is the new one from the end of the backfill phase on, for the old release too`,
      ],
      exemptions: [{ kind: "prepared-statements", relation: key }],
      remains:
        back === undefined ? [`view-definition-changed ${key}`, `view-columns-changed ${key}`] : [],
    },
  };
}

/** Undefined where a column that came would stay: only a view on which nothing hangs can be made anew. */
function undoing(before: Catalog, view: View, made: View): readonly Change[] | undefined {
  const name = sqlName(view);
  const options = Object.entries(view.options).map(([option, value]) => `${option}=${value}`);
  const create = (words: string) =>
    `CREATE ${words} ${name}${options.length === 0 ? "" : ` WITH (${options.join(", ")})`} AS ${view.definition}`;
  const sameColumns =
    made.columns.length === view.columns.length &&
    view.columns.every(({ name: column }, n) => made.columns[n]?.name === column);
  if (sameColumns && hasAll(made, view))
    return [{ kind: "transaction", statements: [create("OR REPLACE VIEW")] }];
  if (isRead(before, view) || isNoted(before, view)) return undefined;
  const defaults = view.columns.flatMap(({ name: column, default: given }) =>
    given === null
      ? []
      : [`ALTER VIEW ${name} ALTER COLUMN ${quoteIdent(column)} SET DEFAULT ${given}`],
  );
  return [
    {
      kind: "transaction",
      statements: [`DROP VIEW IF EXISTS ${name}`, create("VIEW"), ...defaults],
    },
  ];
}

/** True when another view, a rule or a routine may read it: its name is in their text. */
function isRead({ views, materializedViews, rules, routines }: Catalog, view: View): boolean {
  const texts = [
    ...Object.values(views).filter((one) => one !== view),
    ...Object.values(materializedViews),
    ...Object.values(rules),
  ].map(({ definition }) => definition);
  const bodies = Object.values(routines)
    .filter(({ language }) => language === "sql")
    .map(({ body }) => body);
  const written = view.name.replaceAll('"', '""');
  return [...texts, ...bodies].some((text) => text.includes(written));
}

/** True when a view comes back to itself through others that it reads; Postgres finds that out in queries only (42P17). */
function readsItself({ views }: Catalog, view: View): boolean {
  const seen = new Set<QualifiedName>();
  const open = [keyOf(view)];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    for (const other of relationsRead(views[key])) {
      if (other === keyOf(view)) return true;
      if (!seen.has(other)) open.push(other);
      seen.add(other);
    }
  }
  return false;
}

/** What Postgres prints has every schema but those of the search path of a catalog's reader, which has none. */
function relationsRead(view: View | undefined): readonly QualifiedName[] {
  if (view === undefined) return [];
  const found: QualifiedName[] = [];
  for (const { node } of parseLoaded(view.definition, "view"))
    walk(node, (one) => {
      if ("RangeVar" in one)
        found.push(qualifiedName(one.RangeVar.schemaname ?? "", one.RangeVar.relname ?? ""));
    });
  return found;
}

/** Privileges, comments and triggers go with a view. */
function isNoted({ comments, grants, triggers, rules }: Catalog, view: View): boolean {
  const key = keyOf(view);
  const isOf = (address: string) =>
    address === `view ${key}` || address.startsWith(`column ${key}.`);
  return (
    [...Object.keys(comments), ...Object.keys(grants)].some(isOf) ||
    [...Object.values(triggers), ...Object.values(rules)].some(({ table }) => table === key)
  );
}

function keyOf({ schema, name }: View): QualifiedName {
  return qualifiedName(schema, name);
}
