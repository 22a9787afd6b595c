import type { ColumnDef, Constraint, Node, RangeVar } from "@pgsql/types";
import type { Statement } from "../sql/index.ts";

/** A constraint as CREATE TABLE or ALTER TABLE writes it. */
export interface AddedConstraint {
  readonly relation: RangeVar;
  readonly constraint: Constraint;
  /** The column that it is written at; undefined for a constraint of the table. */
  readonly column: string | undefined;
}

/** A column as CREATE TABLE or ADD COLUMN writes it. */
export interface AddedColumn {
  readonly relation: RangeVar;
  readonly column: ColumnDef;
}

/** The constraints that a statement adds to tables, those at columns included. */
export function constraintsAdded({ node }: Statement): readonly AddedConstraint[] {
  let found = knownConstraints.get(node);
  if (found === undefined) knownConstraints.set(node, (found = findConstraints(node)));
  return found;
}

/** Several rules ask for those of each statement. */
const knownConstraints = new WeakMap<Node, readonly AddedConstraint[]>();

function findConstraints(node: Node): readonly AddedConstraint[] {
  return elementsAdded(node).flatMap(({ relation, element }) => {
    if ("Constraint" in element)
      return [{ relation, constraint: element.Constraint, column: undefined }];
    if (!("ColumnDef" in element)) return [];
    const { colname, constraints = [] } = element.ColumnDef;
    return constraints.flatMap((node) =>
      "Constraint" in node ? [{ relation, constraint: node.Constraint, column: colname }] : [],
    );
  });
}

/** The columns that a statement adds to tables. */
export function columnsAdded({ node }: Statement): readonly AddedColumn[] {
  return elementsAdded(node).flatMap(({ relation, element }) =>
    "ColumnDef" in element ? [{ relation, column: element.ColumnDef }] : [],
  );
}

/**
 * The table that a statement adds columns or constraints to, unless they are columns that can be no keys: then nothing
 * about its keys is new. Undefined for a statement that adds none.
 */
export function tableGivenKeys({ node }: Statement): RangeVar | undefined {
  if ("AlterTableStmt" in node && (node.AlterTableStmt.cmds ?? []).every(addsPlainColumn))
    return undefined;
  return elementsAdded(node).find(
    ({ element }) => "ColumnDef" in element || "Constraint" in element,
  )?.relation;
}

/** True for ADD COLUMN without a key, an identity or a sequence of its own. */
function addsPlainColumn(cmd: Node): boolean {
  if (!("AlterTableCmd" in cmd) || cmd.AlterTableCmd.subtype !== "AT_AddColumn") return false;
  const { def } = cmd.AlterTableCmd;
  if (def === undefined || !("ColumnDef" in def)) return false;
  const { constraints = [], typeName } = def.ColumnDef;
  const type = typeName?.names?.at(-1);
  const isSerial = type !== undefined && "String" in type && /serial/.test(type.String.sval ?? "");
  return !isSerial && !constraints.some(makesKey);
}

function makesKey(node: Node): boolean {
  const type = "Constraint" in node ? node.Constraint.contype : undefined;
  return type === "CONSTR_FOREIGN" || type === "CONSTR_PRIMARY" || type === "CONSTR_IDENTITY";
}

function elementsAdded(
  node: Node,
): readonly { readonly relation: RangeVar; readonly element: Node }[] {
  if ("CreateStmt" in node) {
    const { relation, tableElts = [] } = node.CreateStmt;
    return tableElts.map((element) => ({ relation: relation!, element }));
  }
  if (!("AlterTableStmt" in node)) return [];
  const { relation, cmds = [] } = node.AlterTableStmt;
  return cmds.flatMap((cmd) => {
    if (!("AlterTableCmd" in cmd)) return [];
    const { subtype, def } = cmd.AlterTableCmd;
    const adds = subtype === "AT_AddColumn" || subtype === "AT_AddConstraint";
    return adds && def !== undefined ? [{ relation: relation!, element: def }] : [];
  });
}

/** Columns of a foreign key, unique or primary key constraint. */
export function columnsOfConstraint({ constraint, column }: AddedConstraint): readonly string[] {
  if (column !== undefined) return [column];
  return (constraint.fk_attrs ?? constraint.keys ?? []).flatMap((node) =>
    "String" in node ? [node.String.sval ?? ""] : [],
  );
}
