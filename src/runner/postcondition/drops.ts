import { quoteLiteral } from "../../sql/index.ts";
import { listOf, textsOf, type Body } from "../tree.ts";
import {
  complete,
  nameText,
  namedRow,
  not,
  objectName,
  partial,
  rangeName,
  regclass,
  regtype,
  relationGone,
  shownName,
  unknown,
  type Check,
  type Postcondition,
} from "./check.ts";
import { column, columnGone, typeText } from "./columns.ts";
import { policyThere, triggerThere } from "./objects.ts";

const relations: Readonly<Record<string, string>> = {
  OBJECT_TABLE: "table",
  OBJECT_INDEX: "index",
  OBJECT_VIEW: "view",
  OBJECT_MATVIEW: "materialized view",
  OBJECT_SEQUENCE: "sequence",
  OBJECT_FOREIGN_TABLE: "foreign table",
};

/** DROP of anything: none of the named objects is left. */
export function drop(body: Body): Postcondition {
  const type = String(body["removeType"]);
  const checks = listOf(body, "objects").map((object) => gone(type, object));
  const known = checks.filter((check) => check !== undefined);
  return known.length === checks.length ? complete(...known) : partial(...known);
}

function gone(type: string, object: Body): Check | undefined {
  const name = objectName(object);
  const relation = relations[type];
  if (relation !== undefined) return relationGone(name, relation);
  const table = name.slice(0, -1);
  const last = name.at(-1)!;
  switch (type) {
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN":
      return { what: `type ${shownName(name)} is gone`, sql: `${regtype(name)} IS NULL` };
    case "OBJECT_SCHEMA":
      return not(namedRow("pg_namespace", "nspname", last, "schema"), `schema ${last} is gone`);
    case "OBJECT_EXTENSION":
      return not(
        namedRow("pg_extension", "extname", last, "extension"),
        `extension ${last} is gone`,
      );
    case "OBJECT_TRIGGER":
      return not(triggerThere(table, last), `trigger ${last} of ${shownName(table)} is gone`);
    case "OBJECT_POLICY":
      return not(policyThere(table, last), `policy ${last} of ${shownName(table)} is gone`);
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
      return routineGone(object);
    default:
      return undefined;
  }
}

function routineGone(object: Body): Check | undefined {
  if (object["args_unspecified"] === true) return undefined;
  const name = textsOf(object["objname"]);
  const types = listOf(object, "objargs").map(typeText).join(", ");
  return {
    what: `function ${shownName(name)} is gone`,
    sql: `pg_catalog.to_regprocedure(${quoteLiteral(`${nameText(name)}(${types})`)}) IS NULL`,
  };
}

/** ALTER … RENAME: the new name is there and the old one is not. */
export function rename(body: Body): Postcondition {
  const { renameType = "", newname, subname } = body as Record<string, string>;
  const relation = rangeName(body["relation"]);
  const renamed = [...relation.slice(0, -1), newname!];
  switch (renameType) {
    case "OBJECT_TABLE":
    case "OBJECT_INDEX":
    case "OBJECT_VIEW":
    case "OBJECT_MATVIEW":
    case "OBJECT_SEQUENCE":
    case "OBJECT_FOREIGN_TABLE": {
      const noun = relations[renameType]!;
      return complete(
        {
          what: `${noun} ${shownName(renamed)} is there`,
          sql: `${regclass(renamed)} IS NOT NULL`,
        },
        relationGone(relation, noun),
      );
    }
    case "OBJECT_COLUMN":
    case "OBJECT_ATTRIBUTE":
      return complete(
        column(relation, newname!, "true", "is there"),
        columnGone(relation, subname!),
      );
    case "OBJECT_TABCONSTRAINT":
      return complete(
        constraintNamed(relation, newname!),
        not(
          constraintNamed(relation, subname!),
          `constraint ${subname} of ${shownName(relation)} is gone`,
        ),
      );
    case "OBJECT_SCHEMA":
      return complete(
        namedRow("pg_namespace", "nspname", newname!, "schema"),
        not(namedRow("pg_namespace", "nspname", subname!, "schema"), `schema ${subname} is gone`),
      );
    case "OBJECT_TYPE":
    case "OBJECT_DOMAIN":
      return renamedType(body, newname!);
    default:
      return unknown;
  }
}

function constraintNamed(table: readonly string[], name: string): Check {
  return {
    what: `constraint ${name} of ${shownName(table)} is there`,
    sql: `EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = ${regclass(table)} AND conname = ${quoteLiteral(name)})`,
  };
}

function renamedType(body: Body, newname: string): Postcondition {
  const [object] = Object.values((body["object"] ?? {}) as Record<string, Body>);
  if (object === undefined) return unknown;
  const old = objectName(object);
  const renamed = [...old.slice(0, -1), newname];
  return complete(
    { what: `type ${shownName(renamed)} is there`, sql: `${regtype(renamed)} IS NOT NULL` },
    { what: `type ${shownName(old)} is gone`, sql: `${regtype(old)} IS NULL` },
  );
}
