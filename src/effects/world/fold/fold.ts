import type { CreateOpClassStmt, CreateSchemaStmt, DefineStmt, Node } from "@pgsql/types";
import type { Statement } from "../../../sql/index.ts";
import { newGrants } from "../grants.ts";
import { defaultSearchPath } from "../lookup.ts";
import type { World } from "../model.ts";
import { putSchemaPrivileges } from "../store.ts";
import { strings } from "../nodes.ts";
import { alterTable } from "./alter-table.ts";
import { alterPolicy, createPolicy, createRule, createTrigger } from "./attached.ts";
import { doubt, target, type FoldContext } from "./context.ts";
import { commit, dropOnCommit } from "./commit.ts";
import { createTable } from "./create-table.ts";
import { alterEventTrigger, createEventTrigger } from "./event-triggers.ts";
import { createExtension } from "./extensions.ts";
import { createServer } from "./foreign-data.ts";
import { drop } from "./drop.ts";
import { discard } from "./drop-schema.ts";
import { cluster, createIndex } from "./indexes.ts";
import { alterDefaultPrivileges, alterOwner, grant, roleName } from "./privileges.ts";
import { createCollation } from "./collations.ts";
import { alterPublication, createPublication } from "./publications.ts";
import { rename } from "./rename.ts";
import { alterRoutine, createAggregate, createRoutine } from "./routines.ts";
import { alterSequence, createSequence } from "./sequences.ts";
import {
  createAccessMethod,
  createRole,
  createTablespace,
  dropOwned,
  dropRole,
  dropTablespace,
  reassignOwned,
} from "./server.ts";
import { setSchema } from "./set-schema.ts";
import { createStatistics } from "./statistics.ts";
import {
  alterDomain,
  alterEnum,
  createBaseType,
  createComposite,
  createDomain,
  createEnum,
  createRange,
} from "./types.ts";
import { createTableAs, createView, refreshView, selectInto } from "./views.ts";

/** What `fold` has to know of the session. */
export interface FoldSession {
  /** Schemas in which unqualified names are looked for, `["public"]` by default. */
  readonly searchPath?: readonly string[];
  /** False for a statement that commits by itself; true by default. */
  readonly inTransaction?: boolean;
}

/**
 * Applies a statement to the world, in place, as if it had succeeded: what a plain DROP is refused for is dropped. A
 * statement about something that is not in the world changes nothing, and so does every statement that is no DDL.
 * What cannot be known (DO, CALL, extensions) is said in `world.uncertain`; bodies of PL/pgSQL are not looked into.
 */
export function fold(
  statement: Pick<Statement, "node">,
  world: World,
  session: FoldSession = {},
): void {
  foldNode({ world, searchPath: session.searchPath ?? defaultSearchPath }, statement.node);
  if (session.inTransaction === false) dropOnCommit(world);
}

type Handlers = {
  readonly [Key in NodeName<Node>]?: (context: FoldContext, statement: Content<Node, Key>) => void;
};
type NodeName<N> = N extends unknown ? keyof N : never;
type Content<N, Key extends PropertyKey> = N extends Record<Key, infer C> ? C : never;

const handlers: Handlers = {
  CreateStmt: (context, statement) => createTable(context, statement),
  CreateForeignTableStmt: (context, { base, servername }) => {
    if (base !== undefined) createTable(context, base, "foreign table", servername);
  },
  CreateForeignServerStmt: createServer,
  CreateTableAsStmt: createTableAs,
  SelectStmt: (context, statement) => selectInto(context, { SelectStmt: statement }),
  IndexStmt: createIndex,
  AlterTableStmt: alterTable,
  DropStmt: drop,
  RenameStmt: rename,
  AlterObjectSchemaStmt: setSchema,
  CreateSchemaStmt: createSchema,
  ViewStmt: createView,
  RefreshMatViewStmt: (context, { relation, skipData }) =>
    refreshView(context, target(context, relation), skipData !== true),
  CreateSeqStmt: createSequence,
  AlterSeqStmt: alterSequence,
  CreateEnumStmt: createEnum,
  AlterEnumStmt: alterEnum,
  CompositeTypeStmt: createComposite,
  CreateRangeStmt: createRange,
  CreateDomainStmt: createDomain,
  AlterDomainStmt: alterDomain,
  DefineStmt: define,
  CreateFunctionStmt: createRoutine,
  AlterFunctionStmt: alterRoutine,
  CreateTrigStmt: createTrigger,
  CreatePolicyStmt: createPolicy,
  AlterPolicyStmt: alterPolicy,
  RuleStmt: createRule,
  CreateStatsStmt: createStatistics,
  CreateExtensionStmt: createExtension,
  CreateEventTrigStmt: createEventTrigger,
  AlterEventTrigStmt: alterEventTrigger,
  CreateOpClassStmt: createOperatorClass,
  CreatePublicationStmt: createPublication,
  AlterPublicationStmt: alterPublication,
  GrantStmt: grant,
  AlterDefaultPrivilegesStmt: alterDefaultPrivileges,
  AlterOwnerStmt: alterOwner,
  ReassignOwnedStmt: reassignOwned,
  CreateRoleStmt: createRole,
  DropRoleStmt: dropRole,
  DiscardStmt: discard,
  CreateTableSpaceStmt: createTablespace,
  DropTableSpaceStmt: dropTablespace,
  CreateAmStmt: createAccessMethod,
  ClusterStmt: cluster,
  TransactionStmt: commit,
  CallStmt: (context, { funccall }) =>
    doubt(context, `CALL ${strings(funccall?.funcname).join(".")} may change anything`),
  DoStmt: (context) => doubt(context, "a DO block may change anything"),
  ExecuteStmt: (context, { name }) => doubt(context, `EXECUTE ${name ?? ""} may change anything`),
  DropOwnedStmt: dropOwned,
  ImportForeignSchemaStmt: (context, { remote_schema: remote }) =>
    doubt(
      context,
      `IMPORT FOREIGN SCHEMA ${remote ?? ""} creates tables that only the other server knows`,
    ),
};

function foldNode(context: FoldContext, node: Node): void {
  const [kind, content] = Object.entries(node)[0] as [NodeName<Node>, never];
  const handler = handlers[kind] as ((context: FoldContext, content: never) => void) | undefined;
  handler?.(context, content);
}

/** CREATE SCHEMA, with the objects in it. */
function createSchema(context: FoldContext, statement: CreateSchemaStmt): void {
  const { world } = context;
  const owner =
    statement.authrole === undefined ? world.server?.role : roleName(world, statement.authrole);
  const schema = statement.schemaname ?? owner;
  if (schema === undefined) {
    doubt(context, "CREATE SCHEMA AUTHORIZATION names the schema after a role that is not known");
    return;
  }
  if (world.schemas.has(schema)) return;
  world.schemas.add(schema);
  const grants = newGrants(world, owner, "schemas", undefined);
  putSchemaPrivileges(world, schema, { owner, grants });
  const inside: FoldContext = { ...context, searchPath: [schema, ...context.searchPath] };
  for (const element of statement.schemaElts ?? []) foldNode(inside, element);
}

function define(context: FoldContext, statement: DefineStmt): void {
  if (statement.kind === "OBJECT_TYPE") createBaseType(context, statement);
  else if (statement.kind === "OBJECT_AGGREGATE") createAggregate(context, statement);
  else if (statement.kind === "OBJECT_COLLATION") createCollation(context.world, statement);
}

/** What is made without one may from now on be made for other types too. */
function createOperatorClass(
  { world }: FoldContext,
  { amname, isDefault }: CreateOpClassStmt,
): void {
  if (isDefault === true && amname !== undefined)
    world.operatorClasses = new Set(world.operatorClasses).add(amname);
}
