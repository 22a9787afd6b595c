import { quoteLiteral } from "../../sql/index.ts";
import { inside, listOf, type Body } from "../tree.ts";
import {
  all,
  complete,
  partial,
  rangeName,
  regclass,
  relationThere,
  shownName,
  unknown,
  type Check,
  type Postcondition,
} from "./check.ts";
import { column, columnGone, typeCondition } from "./columns.ts";

/** CREATE TABLE: the table with these columns and named constraints; IF NOT EXISTS is no excuse. */
export function createTable(body: Body): Postcondition {
  const table = rangeName(body["relation"]);
  const elements = (body["tableElts"] ?? []) as readonly unknown[];
  const parts = elements.map((element) => {
    const [kind] = Object.keys(element as object);
    const inner = inside(element);
    if (kind === "ColumnDef") return columnDefinition(table, inner);
    return kind === "Constraint" ? constraint(table, inner) : unknown;
  });
  return all([complete(relationThere(table, "table", ["r", "p", "f"])), ...parts]);
}

/**
 * ALTER TABLE (INDEX, SEQUENCE, VIEW, TYPE …), command by command. What one command drops and another one makes under its
 * name, in whatever order they are written (AT_PASS_DROP, tablecmds.c), is there before and after.
 */
export function alterTable(body: Body): Postcondition {
  const table = rangeName(body["relation"]);
  const commands = listOf(body, "cmds");
  const made = new Set(commands.flatMap((command) => nameMade(command) ?? []));
  return all(
    commands.map((command) => {
      const dropped = nameDropped(command);
      return dropped !== undefined && made.has(dropped) ? unknown : alterCommand(table, command);
    }),
  );
}

function nameDropped(command: Body): string | undefined {
  if (command["subtype"] === "AT_DropColumn") return `column ${String(command["name"])}`;
  return command["subtype"] === "AT_DropConstraint"
    ? `constraint ${String(command["name"])}`
    : undefined;
}

function nameMade(command: Body): string | undefined {
  const def = inside(command["def"]);
  if (command["subtype"] === "AT_AddColumn") return `column ${String(def["colname"])}`;
  return command["subtype"] === "AT_AddConstraint"
    ? `constraint ${String(def["conname"])}`
    : undefined;
}

function alterCommand(table: readonly string[], command: Body): Postcondition {
  const name = (command["name"] as string | undefined) ?? "";
  const def = inside(command["def"]);
  switch (command["subtype"]) {
    case "AT_AddColumn":
      return columnDefinition(table, def);
    case "AT_DropColumn":
      return complete(columnGone(table, name));
    case "AT_AlterColumnType": {
      const { sql, exact } = typeCondition(def["typeName"] as Body);
      const check = column(table, name, sql, "has the new type");
      return exact ? complete(check) : partial(check);
    }
    case "AT_ColumnDefault":
      return command["def"] === undefined
        ? complete(column(table, name, "NOT a.atthasdef", "has no default"))
        : partial(column(table, name, "a.atthasdef", "has a default"));
    case "AT_SetNotNull":
      return complete(column(table, name, "a.attnotnull", "is NOT NULL"));
    case "AT_DropNotNull":
      return complete(column(table, name, "NOT a.attnotnull", "allows nulls"));
    case "AT_AddIdentity":
      return complete(column(table, name, "a.attidentity <> ''", "is an identity column"));
    case "AT_DropIdentity":
      return complete(column(table, name, "a.attidentity = ''", "is no identity column"));
    case "AT_AddConstraint":
      return constraint(table, def);
    case "AT_ValidateConstraint":
      return complete(constraintRow(table, name, "is validated", "c.convalidated"));
    case "AT_DropConstraint":
      return complete({
        what: `constraint ${name} of ${shownName(table)} is gone`,
        sql: `NOT ${constraintRow(table, name, "", "true").sql}`,
      });
    case "AT_AttachPartition":
      return complete(attached(rangeName(def["name"]), table));
    case "AT_DetachPartition":
    case "AT_DetachPartitionFinalize":
      return complete(detached(rangeName(def["name"]), table));
    case "AT_EnableRowSecurity":
    case "AT_DisableRowSecurity": {
      const isOn = command["subtype"] === "AT_EnableRowSecurity";
      return complete({
        what: `row security of ${shownName(table)} is ${isOn ? "on" : "off"}`,
        sql: `EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = ${regclass(table)} AND relrowsecurity = ${isOn})`,
      });
    }
    default:
      return unknown;
  }
}

function columnDefinition(table: readonly string[], definition: Body): Postcondition {
  const name = definition["colname"] as string;
  // A column of CREATE TABLE … PARTITION OF or OF type has no type of its own.
  const typeName = definition["typeName"] as Body | undefined;
  const type = typeName === undefined ? undefined : typeCondition(typeName);
  const there = column(table, name, type?.sql ?? "true", "is there with its type");
  const parts = listOf(definition, "constraints").map((inner): Postcondition => {
    switch (inner["contype"]) {
      case "CONSTR_NOTNULL":
        return complete(column(table, name, "a.attnotnull", "is NOT NULL"));
      case "CONSTR_NULL":
        return complete();
      case "CONSTR_DEFAULT":
        return complete(column(table, name, "a.atthasdef", "has a default"));
      case "CONSTR_IDENTITY":
        return complete(column(table, name, "a.attidentity <> ''", "is an identity column"));
      case "CONSTR_GENERATED":
        return complete(column(table, name, "a.attgenerated <> ''", "is generated"));
      case "CONSTR_PRIMARY":
        return complete(primaryKey(table));
      default:
        return constraint(table, inner);
    }
  });
  return all([type?.exact === true ? complete(there) : partial(there), ...parts]);
}

function constraint(table: readonly string[], definition: Body): Postcondition {
  const name = definition["conname"] as string | undefined;
  if (name === undefined)
    return definition["contype"] === "CONSTR_PRIMARY" ? complete(primaryKey(table)) : unknown;
  // A constraint that is to be valid must not pass while it is not; NOT VALID may have been validated since.
  const isLoose =
    definition["skip_validation"] === true ||
    (definition["is_enforced"] === undefined &&
      ["CONSTR_CHECK", "CONSTR_FOREIGN"].includes(String(definition["contype"])));
  return complete(
    isLoose
      ? constraintRow(table, name, "is there", "true")
      : constraintRow(table, name, "is there and validated", "c.convalidated"),
  );
}

function constraintRow(
  table: readonly string[],
  name: string,
  what: string,
  condition: string,
): Check {
  return {
    what: `constraint ${name} of ${shownName(table)} ${what}`,
    sql: `EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = ${regclass(table)} AND c.conname = ${quoteLiteral(name)} AND ${condition})`,
  };
}

function primaryKey(table: readonly string[]): Check {
  return {
    what: `${shownName(table)} has a primary key`,
    sql: `EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = ${regclass(table)} AND c.contype = 'p')`,
  };
}

function attached(part: readonly string[], parent: readonly string[]): Check {
  return {
    what: `${shownName(part)} is attached to ${shownName(parent)}`,
    sql: `EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = ${regclass(part)} AND inhparent = ${regclass(parent)} AND NOT inhdetachpending)`,
  };
}

/** Fully detached: between the two transactions of the concurrent form the row is still there, pending. */
function detached(part: readonly string[], parent: readonly string[]): Check {
  return {
    what: `${shownName(part)} is detached from ${shownName(parent)}`,
    sql: `NOT EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = ${regclass(part)} AND inhparent = ${regclass(parent)})`,
  };
}
