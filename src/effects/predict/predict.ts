import type { Node } from "@pgsql/types";
import type { Effect } from "../effect.ts";
import { dottedName, rangeName, strings } from "../world/nodes.ts";
import {
  predictAlterDepends,
  predictAlterDomain,
  predictAlterOwner,
  predictAlterSequence,
  predictAlterTable,
  predictAlterType,
  predictRename,
  predictSetSchema,
} from "./alter-table/index.ts";
import {
  predictCreateRole,
  predictDropOwned,
  predictDropRole,
  predictGrant,
  predictMoveAll,
  predictReassignOwned,
} from "./access.ts";
import { predictCopy } from "./copy.ts";
import {
  predictAlterEnum,
  predictAlterPublication,
  predictCreateExtension,
  predictCreateIndex,
  predictCreatePublication,
  predictCreateRoutine,
  predictCreateSchema,
  predictCreateSequence,
  predictCreateTable,
  predictCreateTableAs,
  predictCreateType,
  predictPolicy,
  predictRule,
  predictSelectInto,
  predictStatistics,
  predictTrigger,
  predictView,
} from "./create/index.ts";
import { EffectDraft } from "./draft.ts";
import { predictDrop } from "./drop/drop.ts";
import { checkLabels, mayHoldLabels } from "./enum-labels.ts";
import { fireEventTriggers } from "./event-triggers.ts";
import type { PredictInput } from "./input.ts";
import {
  predictCluster,
  predictRefresh,
  predictReindex,
  predictTruncate,
  predictVacuum,
} from "./maintain/index.ts";
import { predictComment, predictLock, predictSecurityLabel } from "./objects.ts";
import { predictCall, predictDo, predictExplain } from "./programs.ts";
import { predictQuery } from "./query/index.ts";
import { noCalls, type RunningCalls } from "./routine-calls.ts";
import { refuseInTransaction } from "./transaction-block.ts";

/**
 * What a statement does, derived from its parse tree and the catalog before it. What cannot be derived is in `unknown`.
 * Errors within expressions (a column that is not there, operands of the wrong type) are left to the server.
 * Locks of failing statements are those that a run would have taken before it fails, as far as they are known.
 */
export function predict(input: PredictInput): Effect {
  return predictWithin(input, noCalls);
}

/** An empty draft whose parts are predicted: for what is put together of several statements. */
export function draftOf(input: Omit<PredictInput, "statement">): EffectDraft {
  return new EffectDraft(input, predictWithin);
}

function predictWithin(input: PredictInput, running: RunningCalls): Effect {
  const { node } = input.statement;
  const kind = nameOf(node);
  const content = node[kind as never];
  const alter = alterations[kind];
  // Most often nothing comes to it.
  if (alter !== undefined && input.world.eventTriggers.size === 0 && !mayHoldLabels(input))
    return alter(input);
  const draft = new EffectDraft(input, predictWithin, running);
  const handler = handlers[kind] as
    | ((draft: EffectDraft, content: never, input: PredictInput) => void)
    | undefined;
  if (alter !== undefined) draft.add(alter(input));
  else if (handler !== undefined) handler(draft, content, input);
  else if (withoutRelations.has(kind)) refuseInTransaction(draft, node);
  else draft.unknown(`what ${kind} does is not known`);
  if (mayHoldLabels(input)) checkLabels(draft, node, input.pendingLabels);
  fireEventTriggers(draft, input);
  return draft.effect();
}

function nameOf(node: Node): NodeName<Node> {
  for (const name in node) return name as NodeName<Node>;
  throw new TypeError("a statement is a node of one key");
}

type NodeName<N> = N extends unknown ? keyof N : never;
type Content<N, Key extends PropertyKey> = N extends Record<Key, infer C> ? C : never;
type Handlers = {
  readonly [Key in NodeName<Node>]?: (
    draft: EffectDraft,
    content: Content<Node, Key>,
    input: PredictInput,
  ) => void;
};

const alterations: Partial<Record<string, (input: PredictInput) => Effect>> = {
  AlterTableStmt: predictAlterTable,
  AlterDomainStmt: predictAlterDomain,
  AlterTypeStmt: predictAlterType,
  RenameStmt: predictRename,
  AlterObjectSchemaStmt: predictSetSchema,
  AlterSeqStmt: predictAlterSequence,
  AlterOwnerStmt: predictAlterOwner,
  AlterObjectDependsStmt: predictAlterDepends,
};

const handlers: Handlers = {
  CreateStmt: (draft, statement) => predictCreateTable(draft, statement),
  CreateForeignTableStmt: (draft, { base }) => {
    if (base !== undefined) predictCreateTable(draft, base, "foreign table");
  },
  CreateTableAsStmt: predictCreateTableAs,
  IndexStmt: predictCreateIndex,
  ViewStmt: predictView,
  RuleStmt: predictRule,
  CreateTrigStmt: predictTrigger,
  CreatePolicyStmt: (draft, statement) => predictPolicy(draft, statement, true),
  AlterPolicyStmt: (draft, statement) => predictPolicy(draft, statement, false),
  CreateStatsStmt: predictStatistics,
  CreatePublicationStmt: predictCreatePublication,
  AlterPublicationStmt: predictAlterPublication,
  CreateSeqStmt: predictCreateSequence,
  CreateEnumStmt: (draft, { typeName }) => predictCreateType(draft, dottedName(strings(typeName))),
  CreateRangeStmt: (draft, { typeName }) => predictCreateType(draft, dottedName(strings(typeName))),
  CompositeTypeStmt: (draft, { typevar }) => predictCreateType(draft, rangeName(typevar), true),
  CreateDomainStmt: (draft, { domainname }) =>
    predictCreateType(draft, dottedName(strings(domainname))),
  AlterEnumStmt: predictAlterEnum,
  CreateFunctionStmt: predictCreateRoutine,
  CreateExtensionStmt: predictCreateExtension,
  AlterExtensionStmt: (draft, { extname = "" }) =>
    draft.unknown(`what the update of extension ${extname} does is in its own scripts`),
  CreateSchemaStmt: predictCreateSchema,
  DropStmt: predictDrop,
  DropOwnedStmt: predictDropOwned,
  ReassignOwnedStmt: predictReassignOwned,
  CreateRoleStmt: predictCreateRole,
  DropRoleStmt: predictDropRole,
  AlterTableMoveAllStmt: predictMoveAll,
  TruncateStmt: predictTruncate,
  ReindexStmt: predictReindex,
  ClusterStmt: predictCluster,
  VacuumStmt: predictVacuum,
  RefreshMatViewStmt: predictRefresh,
  CommentStmt: predictComment,
  SecLabelStmt: predictSecurityLabel,
  GrantStmt: predictGrant,
  LockStmt: predictLock,
  SelectStmt: (draft, statement) => {
    if (statement.intoClause === undefined) predictQuery(draft, { SelectStmt: statement }, "run");
    else predictSelectInto(draft, statement);
  },
  InsertStmt: (draft, statement) => predictQuery(draft, { InsertStmt: statement }, "run"),
  UpdateStmt: (draft, statement) => predictQuery(draft, { UpdateStmt: statement }, "run"),
  DeleteStmt: (draft, statement) => predictQuery(draft, { DeleteStmt: statement }, "run"),
  MergeStmt: (draft, statement) => predictQuery(draft, { MergeStmt: statement }, "run"),
  CopyStmt: predictCopy,
  DoStmt: (draft, statement, input) => predictDo(draft, statement, input.statement),
  CallStmt: predictCall,
  ExplainStmt: (draft, statement, input) => predictExplain(draft, statement, input.statement),
  PrepareStmt: (draft, { query }) => predictQuery(draft, query, "rewritten"),
  ExecuteStmt: (draft, { name = "" }) => draft.unknown(`what was prepared as ${name} is not known`),
  DeclareCursorStmt: (draft, { query }) => predictQuery(draft, query, "planned"),
};

/** Statements about what is no relation, and about the session: no lock that anybody else's query waits for. */
const withoutRelations: ReadonlySet<string> = new Set([
  "AlterCollationStmt",
  "AlterDatabaseRefreshCollStmt",
  "AlterDatabaseSetStmt",
  "AlterDatabaseStmt",
  "AlterDefaultPrivilegesStmt",
  "AlterEventTrigStmt",
  "AlterExtensionContentsStmt",
  "AlterFdwStmt",
  "AlterForeignServerStmt",
  "AlterFunctionStmt",
  "AlterOpFamilyStmt",
  "AlterOperatorStmt",
  "AlterRoleSetStmt",
  "AlterRoleStmt",
  "AlterStatsStmt",
  "AlterSubscriptionStmt",
  "AlterSystemStmt",
  "AlterTSConfigurationStmt",
  "AlterTSDictionaryStmt",
  "AlterTableSpaceOptionsStmt",
  "AlterUserMappingStmt",
  "CheckPointStmt",
  "ClosePortalStmt",
  "ConstraintsSetStmt",
  "CreateAmStmt",
  "CreateCastStmt",
  "CreateConversionStmt",
  "CreateEventTrigStmt",
  "CreateFdwStmt",
  "CreateForeignServerStmt",
  "CreateOpClassStmt",
  "CreateOpFamilyStmt",
  "CreatePLangStmt",
  "CreateSubscriptionStmt",
  "CreateTableSpaceStmt",
  "CreateTransformStmt",
  "CreateUserMappingStmt",
  "CreatedbStmt",
  "DeallocateStmt",
  "DefineStmt",
  "DiscardStmt",
  "DropSubscriptionStmt",
  "DropTableSpaceStmt",
  "DropUserMappingStmt",
  "DropdbStmt",
  "FetchStmt",
  "GrantRoleStmt",
  "ImportForeignSchemaStmt",
  "ListenStmt",
  "LoadStmt",
  "NotifyStmt",
  "TransactionStmt",
  "UnlistenStmt",
  "VariableSetStmt",
  "VariableShowStmt",
]);
