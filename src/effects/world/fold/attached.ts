import type { AlterPolicyStmt, CreatePolicyStmt, CreateTrigStmt, RuleStmt } from "@pgsql/types";
import { qualifiedName } from "../../../sql/index.ts";
import { byId, findRoutines } from "../lookup.ts";
import type { Policy, RewriteRule, Trigger } from "../model.ts";
import { dottedName, strings } from "../nodes.ts";
import { usesOfExpressions, usesOfRule } from "../query/uses.ts";
import { ruleFacts, triggerFacts } from "../written-facts.ts";
import { withDescendants } from "./columns.ts";
import { change, target, type FoldContext } from "./context.ts";
import { truncateName } from "./object-names.ts";

/** CREATE [OR REPLACE] [CONSTRAINT] TRIGGER; a row trigger of a partitioned table is made on its partitions too. */
export function createTrigger(context: FoldContext, statement: CreateTrigStmt): void {
  const { world, searchPath } = context;
  const relation = target(context, statement.relation);
  if (relation === undefined) return;
  const written = dottedName(strings(statement.funcname));
  const found = findRoutines(world, written, searchPath)[0];
  const schema = found?.schema ?? written.schema ?? searchPath[0] ?? "public";
  const trigger: Trigger = {
    ...triggerFacts(statement),
    name: truncateName(statement.trigname ?? ""),
    enabled: true,
    routine: qualifiedName(schema, written.name),
    from: statement.constrrel === undefined ? undefined : target(context, statement.constrrel)?.id,
    inherited: false,
  };
  const partitioned = relation.kind === "partitioned table" && trigger.forEachRow;
  for (const id of withDescendants(context, relation.id, partitioned)) {
    const { triggers } = byId(world, id)!;
    const own = id === relation.id ? trigger : { ...trigger, inherited: true };
    change(world, id, { triggers: [...triggers.filter(({ name }) => name !== own.name), own] });
  }
}

export function createPolicy(context: FoldContext, statement: CreatePolicyStmt): void {
  const { world, searchPath } = context;
  const relation = target(context, statement.table);
  if (relation === undefined) return;
  const policy: Policy = {
    name: truncateName(statement.policy_name ?? ""),
    using: statement.qual,
    check: statement.with_check,
    uses: usesOfExpressions([statement.qual, statement.with_check], relation, world, searchPath),
  };
  change(world, relation.id, { policies: [...relation.policies, policy] });
}

/** ALTER POLICY: an expression that it does not give stays. */
export function alterPolicy(context: FoldContext, statement: AlterPolicyStmt): void {
  const { world, searchPath } = context;
  const relation = target(context, statement.table);
  if (relation === undefined) return;
  change(world, relation.id, {
    policies: relation.policies.map((policy) => {
      if (policy.name !== statement.policy_name) return policy;
      const { qual: using = policy.using, with_check: check = policy.check } = statement;
      const uses = usesOfExpressions([using, check], relation, world, searchPath);
      return { ...policy, using, check, uses };
    }),
  });
}

export function createRule(context: FoldContext, statement: RuleStmt): void {
  const { world, searchPath } = context;
  const relation = target(context, statement.relation);
  const name = truncateName(statement.rulename ?? "");
  if (relation === undefined) return;
  const others = relation.rules.filter((rule) => rule.name !== name);
  if (others.length < relation.rules.length && statement.replace !== true) return;
  const rule: RewriteRule = {
    ...ruleFacts(statement),
    name,
    enabled: true,
    uses: usesOfRule(statement, relation, world, searchPath),
  };
  change(world, relation.id, { rules: [...others, rule] });
}
