import type { Work } from "../effects/index.ts";
import { listWords } from "./evaluate-locks.ts";
import { blockingWork, severityBySize, whyBlocking } from "./evaluate-work.ts";
import type { WayOut } from "./finding.ts";
import { safeAlterTable } from "./fix-alter-table.ts";
import { codeOf } from "./fix-steps.ts";
import type { Rule, StatementInput, Verdict } from "./rule.ts";
import { asksForTimeZone } from "./time-zone-question.ts";
import { utcInsteadOfUsing } from "./utc-instead-of-using.ts";

export const blockingRewrite: Rule = {
  id: "blocking-rewrite",
  title: "Rewrites a table while its readers or writers wait",
  severity: "error",
  kind: "hazard",
  work: ["rewrite"],
  supersedes: [
    "blocking-scan",
    "blocking-index-build",
    "blocking-foreign-key",
    "avoidable-strong-lock",
    "fails-on-rows",
  ],
  *statement(input): Iterable<Verdict> {
    // Its other form lets readers go on: avoidable-strong-lock says so.
    if (input.statement.kind === "RefreshMatViewStmt") return;
    const indexes = new Set(
      input.effect.locks.flatMap(({ kind, relation }) => (kind.endsWith("index") ? relation : [])),
    );
    const rewritten = (work: Work) =>
      work.kind === "rewrite" && work.emptied !== true && !indexes.has(work.relation)
        ? work.relation
        : undefined;
    const found = blockingWork(input, rewritten);
    if (found === undefined) return;
    const hangsOnZone = asksForTimeZone(input);
    const unless = hangsOnZone ? ", unless the session's TimeZone is UTC" : "";
    yield {
      at: input,
      ...(hangsOnZone ? { severity: "warning" } : {}),
      ...severityBySize(input.context, found.relations),
      message: `writes ${listWords(found.relations)} again in full while ${found.waiting} wait${unless}`,
      why: whyBlocking(input, found, "every row and every index entry is written again"),
      wayOut: hangsOnZone ? inUtc(input) : (utcInsteadOfUsing(input) ?? wayOut(input)),
    };
  },
};

/** In UTC the values stay as they are on disk (timestamp.c, TimestampTimestampTzRequiresRewrite). */
function inUtc({ statement, session }: StatementInput): WayOut {
  const local = session.inTransaction ? "SET LOCAL" : "SET";
  return {
    text: "When the times were written as UTC, say so before it: then they keep their meaning, and nothing is rewritten. For another zone add a column of the new type and fill it in batches.",
    code: `${local} TimeZone = 'UTC';\n${statement.sql};`,
  };
}

function wayOut(input: StatementInput): WayOut {
  const { node } = input.statement;
  if ("VacuumStmt" in node)
    return {
      text: "Plain VACUUM makes the space usable again without blocking anybody; pg_repack or pg_squeeze give it back to the system online.",
    };
  if ("ClusterStmt" in node)
    return { text: "pg_repack orders and shrinks a table online, without blocking its users." };
  if (!("AlterTableStmt" in node))
    return { text: "Run it while nobody uses the table, or fill a new table and switch to it." };
  const safe = safeAlterTable(input);
  if (safe !== undefined)
    return {
      text: "Add the bare column first, then its default, which then holds for new rows only, and fill the rows that are there in batches.",
      code: codeOf(safe.steps, input),
      needsPlan: true,
    };
  const kinds = (node.AlterTableStmt.cmds ?? []).map((cmd) =>
    "AlterTableCmd" in cmd ? cmd.AlterTableCmd.subtype : undefined,
  );
  if (kinds.includes("AT_AlterColumnType"))
    return {
      text: "Add a column of the new type, keep both in step with a trigger, copy the rows in batches, then switch: `lockstep plan` writes these phases.",
      needsPlan: true,
    };
  if (kinds.includes("AT_AddColumn"))
    return {
      text: "Add a plain column without the value, fill the rows in batches, then set the default, identity or trigger that keeps it: `lockstep plan` writes these phases.",
      needsPlan: true,
    };
  return {
    text: "There is no form that does this online: run it while nobody uses the table, or fill a new table in batches and switch to it.",
  };
}
