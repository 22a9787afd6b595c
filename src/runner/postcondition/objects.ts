import { quoteLiteral } from "../../sql/index.ts";
import { listOf, textsOf, type Body } from "../tree.ts";
import {
  complete,
  nameText,
  namedRow,
  not,
  option,
  partial,
  rangeName,
  regclass,
  regtype,
  relationThere,
  shownName,
  type Check,
  type Postcondition,
} from "./check.ts";
import { typeText } from "./columns.ts";

/** CREATE TYPE … AS ENUM: exactly these labels in this order. */
export function createEnum(body: Body): Postcondition {
  const name = textsOf(body["typeName"]);
  const labels = textsOf(body["vals"]).map(quoteLiteral).join(", ");
  return complete({
    what: `enum ${shownName(name)} is there with its labels`,
    sql: `(${regtype(name)} IS NOT NULL AND ARRAY(SELECT enumlabel::text FROM pg_catalog.pg_enum WHERE enumtypid = ${regtype(name)} ORDER BY enumsortorder) = ARRAY[${labels}]::text[])`,
  });
}

/** ALTER TYPE … ADD VALUE and RENAME VALUE. */
export function alterEnum(body: Body): Postcondition {
  const name = textsOf(body["typeName"]);
  const { newVal, oldVal } = body as { newVal?: string; oldVal?: string };
  const checks = [enumLabel(name, newVal ?? "")];
  if (oldVal !== undefined)
    checks.push(not(enumLabel(name, oldVal), `label ${oldVal} of ${shownName(name)} is gone`));
  return complete(...checks);
}

function enumLabel(name: readonly string[], label: string): Check {
  return {
    what: `enum ${shownName(name)} has the label ${label}`,
    sql: `EXISTS (SELECT FROM pg_catalog.pg_enum WHERE enumtypid = ${regtype(name)} AND enumlabel = ${quoteLiteral(label)})`,
  };
}

/** CREATE [OR REPLACE] FUNCTION or PROCEDURE: the same source; what else it says cannot be seen. */
export function createFunction(body: Body): Postcondition {
  const name = textsOf(body["funcname"]);
  const parameters = listOf(body, "parameters").filter(
    ({ mode }) => !["FUNC_PARAM_OUT", "FUNC_PARAM_TABLE"].includes(String(mode)),
  );
  const types = parameters.map(({ argType }) => typeText(argType as Body)).join(", ");
  const signature = `pg_catalog.to_regprocedure(${quoteLiteral(`${nameText(name)}(${types})`)})`;
  const source = textsOf(option(listOf(body, "options"), "as")?.["items"])[0];
  const same = source === undefined ? "true" : `prosrc = ${quoteLiteral(source)}`;
  const check = {
    what: `function ${shownName(name)} is there with this body`,
    sql: `EXISTS (SELECT FROM pg_catalog.pg_proc WHERE oid = ${signature} AND ${same})`,
  };
  return body["replace"] === true || source === undefined ? partial(check) : complete(check);
}

export function createTrigger(body: Body): Postcondition {
  const table = rangeName(body["relation"]);
  const name = String(body["trigname"]);
  const check = triggerThere(table, name);
  return body["replace"] === true ? partial(check) : complete(check);
}

export function triggerThere(table: readonly string[], name: string): Check {
  return {
    what: `trigger ${name} of ${shownName(table)} is there`,
    sql: `EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = ${regclass(table)} AND tgname = ${quoteLiteral(name)})`,
  };
}

export function policyThere(table: readonly string[], name: string): Check {
  return {
    what: `policy ${name} of ${shownName(table)} is there`,
    sql: `EXISTS (SELECT FROM pg_catalog.pg_policy WHERE polrelid = ${regclass(table)} AND polname = ${quoteLiteral(name)})`,
  };
}

export function createView(body: Body): Postcondition {
  const check = relationThere(rangeName(body["view"]), "view", ["v"]);
  return body["replace"] === true ? partial(check) : complete(check);
}

/** CREATE TABLE … AS and CREATE MATERIALIZED VIEW. */
export function createTableAs(body: Body): Postcondition {
  const into = body["into"] as Body;
  const isView = body["objtype"] === "OBJECT_MATVIEW";
  const name = rangeName(into["rel"]);
  return complete(
    relationThere(name, isView ? "materialized view" : "table", [isView ? "m" : "r"]),
  );
}

export function createSchema(body: Body): Postcondition {
  const { schemaname, authrole } = body as {
    schemaname?: string;
    authrole?: { rolename?: string };
  };
  const name = schemaname ?? authrole?.rolename;
  if (name === undefined) return partial();
  const check = namedRow("pg_namespace", "nspname", name, "schema");
  return body["schemaElts"] === undefined ? complete(check) : partial(check);
}
