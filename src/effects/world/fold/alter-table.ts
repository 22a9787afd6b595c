import type { AlterTableCmd, AlterTableStmt, Constraint } from "@pgsql/types";
import { byId, indexesOf, partitionsOf, sequencesOf, tablesOfType } from "../lookup.ts";
import type { ObjectId, Relation } from "../model.ts";
import { resolveType, rowRelation } from "../type-use.ts";
import { addColumnCommand, alterColumn } from "./alter-column.ts";
import { alterConstraint, validateConstraint } from "./alter-constraint.ts";
import { addCheck } from "./constraints.ts";
import { all, change, target, type FoldContext } from "./context.ts";
import { tableNotNull } from "./create-table.ts";
import { dropColumn, dropConstraint } from "./drop-object.ts";
import { addForeignKey } from "./foreign-keys.ts";
import { clusterOn } from "./indexes.ts";
import { disinherit, inheritFrom } from "./inheritance.ts";
import { addKey } from "./keys.ts";
import { attachPartition, detachPartition } from "./partitions.ts";
import { ownRelation, roleName } from "./privileges.ts";

/** One step of ALTER TABLE; Postgres does them pass by pass, not as written (tablecmds.c, AlterTablePass). */
interface Step {
  readonly pass: number;
  readonly run: () => void;
}

const passes: Readonly<Partial<Record<NonNullable<AlterTableCmd["subtype"]>, number>>> = {
  AT_DropColumn: 0,
  AT_DropConstraint: 0,
  AT_DropNotNull: 0,
  AT_DropExpression: 0,
  AT_DropIdentity: 0,
  AT_AlterColumnType: 1,
  AT_AddColumn: 4,
  AT_AddIdentity: 6,
  AT_SetNotNull: 6,
  AT_AddConstraint: 8,
};

const lastPass = 10;

/** ALTER TABLE, and ALTER INDEX, VIEW, MATERIALIZED VIEW, FOREIGN TABLE and TYPE where they are the same to the parser. */
export function alterTable(context: FoldContext, statement: AlterTableStmt): void {
  const relation = target(context, statement.relation);
  if (relation === undefined) return;
  const recurse = statement.relation?.inh === true;
  const behindColumns: Step[] = [];
  const steps: Step[] = all(statement.cmds, "AlterTableCmd").flatMap((command) =>
    stepsOf(context, relation.id, command, { recurse, behindColumns }),
  );
  steps.sort((a, b) => a.pass - b.pass);
  for (const step of steps) {
    runUpTo(behindColumns, step.pass);
    step.run();
  }
  runUpTo(behindColumns, Infinity);
  // Attributes of a composite type are columns of its typed tables (tablecmds.c, ATTypedTableRecursion).
  for (const table of tablesOfType(context.world, relation.id)) {
    const relationOf = { schemaname: table.schema, relname: table.name, inh: true };
    alterTable(context, { ...statement, relation: relationOf });
  }
}

/** Constraints written behind new columns come before those of the same pass that are subcommands of their own. */
function runUpTo(steps: Step[], pass: number): void {
  const due = steps.filter((step) => step.pass <= pass).toSorted((a, b) => a.pass - b.pass);
  for (const step of due) {
    steps.splice(steps.indexOf(step), 1);
    step.run();
  }
}

interface Going {
  readonly recurse: boolean;
  /** Where the constraints of new columns go. */
  readonly behindColumns: Step[];
}

function stepsOf(
  context: FoldContext,
  id: ObjectId,
  command: AlterTableCmd,
  { recurse, behindColumns }: Going,
): Step[] {
  const pass = passes[command.subtype ?? "AT_DropOf"] ?? lastPass;
  if (command.subtype === "AT_AddColumn") {
    const add = (constraint: Constraint, fresh: boolean) =>
      behindColumns.push(constraintStep(context, id, constraint, recurse, fresh));
    return [{ pass, run: () => addColumnCommand(context, id, command, recurse, add) }];
  }
  const { def } = command;
  if (command.subtype === "AT_AddConstraint" && def !== undefined && "Constraint" in def)
    return [constraintStep(context, id, def.Constraint, recurse, false)];
  return [
    {
      pass,
      run: () => {
        const relation = byId(context.world, id);
        if (relation !== undefined) apply(context, relation, command, recurse);
      },
    },
  ];
}

function constraintStep(
  context: FoldContext,
  id: ObjectId,
  constraint: Constraint,
  recurse: boolean,
  fresh: boolean,
): Step {
  const type: string = constraint.contype ?? "";
  switch (type) {
    case "CONSTR_PRIMARY":
    case "CONSTR_UNIQUE":
    case "CONSTR_EXCLUSION":
      return { pass: 7, run: () => addKey(context, id, constraint, recurse) };
    case "CONSTR_FOREIGN":
      return { pass: 9, run: () => addForeignKey(context, id, constraint, fresh) };
    case "CONSTR_NOTNULL":
      return { pass: 6, run: () => tableNotNull(context, id, constraint, recurse) };
    default:
      return { pass: 9, run: () => addCheck(context, id, constraint, { recurse, fresh }) };
  }
}

function apply(
  context: FoldContext,
  relation: Relation,
  command: AlterTableCmd,
  recurse: boolean,
): void {
  const { world } = context;
  const { id } = relation;
  const { def, name = "" } = command;
  const subtype: string = command.subtype ?? "";
  switch (subtype) {
    case "AT_DropColumn":
      dropColumn(world, id, name, recurse);
      return;
    case "AT_DropConstraint":
      dropConstraint(world, id, name, recurse);
      return;
    case "AT_ValidateConstraint":
      validateConstraint(context, id, name, recurse);
      return;
    case "AT_AlterConstraint":
      if (def !== undefined && "ATAlterConstraint" in def)
        alterConstraint(context, id, def.ATAlterConstraint);
      return;
    case "AT_AddInherit":
    case "AT_DropInherit": {
      const parent =
        def !== undefined && "RangeVar" in def ? target(context, def.RangeVar) : undefined;
      if (parent === undefined) return;
      if (subtype === "AT_DropInherit") disinherit(context, parent.id, id);
      else {
        change(world, id, { inherits: [...relation.inherits, parent.id] });
        inheritFrom(context, parent, id, false);
      }
      return;
    }
    case "AT_AddOf":
      if (def !== undefined && "TypeName" in def) {
        const type = resolveType(def.TypeName, world, context.searchPath);
        change(world, id, { ofType: rowRelation(world, type)?.id });
      }
      return;
    case "AT_ChangeOwner":
      ownRelation(world, id, roleName(world, command.newowner));
      return;
    case "AT_AttachPartition":
      if (def !== undefined && "PartitionCmd" in def)
        attachPartition(context, relation, def.PartitionCmd);
      return;
    case "AT_DetachPartition":
    case "AT_DetachPartitionFinalize":
      if (def !== undefined && "PartitionCmd" in def)
        detachPartition(context, relation, def.PartitionCmd);
      return;
    case "AT_ReplicaIdentity":
      if (def !== undefined && "ReplicaIdentityStmt" in def)
        change(world, id, {
          replicaIdentity: replicaIdentity(
            def.ReplicaIdentityStmt.identity_type ?? "d",
            def.ReplicaIdentityStmt.name,
          ),
        });
      return;
    default:
      if (!alterColumn(context, relation, command, recurse))
        applyProperty(context, relation, { subtype, name: command.name });
  }
}

/** Forms that change one property of the relation as such. */
function applyProperty(
  context: FoldContext,
  relation: Relation,
  { subtype, name }: { readonly subtype: string; readonly name: string | undefined },
): void {
  const { world } = context;
  const { id } = relation;
  const enable = (enabled: boolean, wanted?: string) =>
    enableTriggers(context, relation, enabled, (name) => wanted === undefined || name === wanted);
  switch (subtype) {
    case "AT_SetLogged":
    case "AT_SetUnLogged":
      setPersistence(context, id, subtype === "AT_SetLogged" ? "permanent" : "unlogged");
      return;
    case "AT_SetAccessMethod":
      change(world, id, { accessMethod: name ?? "heap" });
      return;
    case "AT_SetTableSpace":
      change(world, id, { tablespace: name === "pg_default" ? undefined : name });
      return;
    case "AT_ClusterOn":
      clusterOn(world, id, name);
      return;
    case "AT_DropCluster":
      clusterOn(world, id, undefined);
      return;
    case "AT_DropOf":
      change(world, id, { ofType: undefined });
      return;
    case "AT_EnableRule":
    case "AT_EnableAlwaysRule":
    case "AT_EnableReplicaRule":
    case "AT_DisableRule":
      change(world, id, {
        rules: relation.rules.map((rule) =>
          rule.name === name ? { ...rule, enabled: subtype !== "AT_DisableRule" } : rule,
        ),
      });
      return;
    case "AT_EnableRowSecurity":
      change(world, id, { rowSecurity: true });
      return;
    case "AT_DisableRowSecurity":
      change(world, id, { rowSecurity: false });
      return;
    case "AT_EnableTrig":
    case "AT_EnableAlwaysTrig":
    case "AT_EnableReplicaTrig":
      enable(true, name);
      return;
    case "AT_DisableTrig":
      enable(false, name);
      return;
    case "AT_EnableTrigAll":
    case "AT_EnableTrigUser":
      enable(true);
      return;
    case "AT_DisableTrigAll":
    case "AT_DisableTrigUser":
      enable(false);
      return;
    default:
      return;
  }
}

/** A partitioned table's own triggers follow on its partitions (trigger.c, EnableDisableTrigger). */
function enableTriggers(
  context: FoldContext,
  relation: Relation,
  enabled: boolean,
  concerns: (name: string) => boolean,
): void {
  const { world } = context;
  const { triggers } = relation;
  change(world, relation.id, {
    triggers: triggers.map((trigger) =>
      concerns(trigger.name) ? { ...trigger, enabled } : trigger,
    ),
  });
  const cloned = new Set(
    triggers.filter(({ name, forEachRow }) => forEachRow && concerns(name)).map(({ name }) => name),
  );
  if (cloned.size > 0)
    for (const partition of partitionsOf(world, relation.id))
      enableTriggers(context, partition, enabled, (name) => cloned.has(name));
}

/** Indexes follow, and since 15 owned sequences (tablecmds.c, ATPrepChangePersistence). */
function setPersistence(
  { world }: FoldContext,
  id: ObjectId,
  persistence: Relation["persistence"],
): void {
  const sequences = world.major >= 15 ? sequencesOf(world, id) : [];
  change(world, id, { persistence });
  for (const each of [...indexesOf(world, id), ...sequences])
    change(world, each.id, { persistence });
}

function replicaIdentity(type: string, index: string | undefined): Relation["replicaIdentity"] {
  switch (type) {
    case "f":
      return "full";
    case "n":
      return "nothing";
    case "i":
      return index === undefined ? "nothing" : { index };
    default:
      return "default";
  }
}
