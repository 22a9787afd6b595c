import type { Statement } from "../../sql/index.ts";
import { bodyOf, textsOf, type Body } from "../tree.ts";
import {
  complete,
  namedRow,
  neutral,
  not,
  rangeName,
  relationThere,
  unknown,
  type Postcondition,
} from "./check.ts";
import { typeThere } from "./columns.ts";
import { drop, rename } from "./drops.ts";
import { createIndex } from "./index-check.ts";
import {
  alterEnum,
  createEnum,
  createFunction,
  createSchema,
  createTableAs,
  createTrigger,
  createView,
  policyThere,
} from "./objects.ts";
import { alterTable, createTable } from "./tables.ts";

/** What must be so in the catalog once a statement was run; never more than can be told from its text. */
export function postconditionOf(statement: Statement): Postcondition {
  return (rules[statement.kind] ?? (() => unknown))(bodyOf(statement));
}

function named(catalog: string, column: string, member: string, noun: string) {
  return (body: Body) => complete(namedRow(catalog, column, String(body[member]), noun));
}

function nameless(catalog: string, column: string, member: string, noun: string) {
  return (body: Body) => {
    const name = String(body[member]);
    return complete(not(namedRow(catalog, column, name, noun), `${noun} ${name} is gone`));
  };
}

const rules: Readonly<Record<string, (body: Body) => Postcondition>> = {
  AlterEnumStmt: alterEnum,
  AlterTableStmt: alterTable,
  CompositeTypeStmt: (body) => complete(relationThere(rangeName(body["typevar"]), "type", ["c"])),
  CreateDomainStmt: (body) => complete(typeThere(textsOf(body["domainname"]), "d", "domain")),
  CreateEnumStmt: createEnum,
  CreateExtensionStmt: named("pg_extension", "extname", "extname", "extension"),
  CreateFunctionStmt: createFunction,
  CreatePolicyStmt: (body) =>
    complete(policyThere(rangeName(body["table"]), String(body["policy_name"]))),
  CreatePublicationStmt: named("pg_publication", "pubname", "pubname", "publication"),
  CreateRangeStmt: (body) => complete(typeThere(textsOf(body["typeName"]), "r", "range type")),
  CreateRoleStmt: named("pg_roles", "rolname", "role", "role"),
  CreateSchemaStmt: createSchema,
  CreateSeqStmt: (body) => complete(relationThere(rangeName(body["sequence"]), "sequence", ["S"])),
  CreateStmt: createTable,
  CreateSubscriptionStmt: named("pg_subscription", "subname", "subname", "subscription"),
  CreateTableAsStmt: createTableAs,
  CreateTableSpaceStmt: named("pg_tablespace", "spcname", "tablespacename", "tablespace"),
  CreateTrigStmt: createTrigger,
  CreatedbStmt: named("pg_database", "datname", "dbname", "database"),
  DropStmt: drop,
  DropSubscriptionStmt: nameless("pg_subscription", "subname", "subname", "subscription"),
  DropTableSpaceStmt: nameless("pg_tablespace", "spcname", "tablespacename", "tablespace"),
  DropdbStmt: nameless("pg_database", "datname", "dbname", "database"),
  IndexStmt: createIndex,
  RenameStmt: rename,
  ViewStmt: createView,
  // These change nothing that outlives the session.
  ConstraintsSetStmt: () => neutral,
  DeallocateStmt: () => neutral,
  DiscardStmt: () => neutral,
  ListenStmt: () => neutral,
  LockStmt: () => neutral,
  TransactionStmt: () => neutral,
  UnlistenStmt: () => neutral,
  VariableSetStmt: () => neutral,
  VariableShowStmt: () => neutral,
};

/** True for statements that leave nothing in the database by their kind. */
export function isNeutral(statement: Statement): boolean {
  const { checks, complete: isComplete } = postconditionOf(statement);
  return isComplete && checks.length === 0;
}

/**
 * True for statements that may simply be sent again when it is not known whether they ran: the second time changes
 * nothing more, or all over again.
 */
export function isRepeatable(statement: Statement): boolean {
  const kinds = ["AlterSystemStmt", "ClusterStmt", "DiscardStmt", "ReindexStmt", "VacuumStmt"];
  return kinds.includes(statement.kind);
}
