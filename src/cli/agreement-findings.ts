import {
  betweenSentence,
  brokenNext,
  brokenSentence,
  endedNext,
  endedSentence,
  isOfCode,
  ruleOf,
  unmadeNext,
  unmadeSentence,
  waitingSentence,
  type Agreement,
  type AgreementRow,
  type BrokenNeed,
  type Disagreement,
  type LedgerRemark,
} from "../agreement/index.ts";
import { placeOf, type RefusedQuery } from "../contract/index.ts";
import type { Finding } from "../rules/index.ts";

/** One finding for each object and pair of sides, and for what the ledger says; what is only pending is no finding. */
export function agreementFindings(agreement: Agreement): readonly Finding[] {
  const rows = agreement.rows.flatMap((row) =>
    row.disagreements
      .filter(({ cause }) => cause !== "pending" && cause !== "elsewhere-only")
      .map((one) => ofRow(row, one, agreement)),
  );
  return [...rows, ...agreement.ledger.map((remark) => ofLedger(remark, agreement))];
}

const docs = "docs/check.md#three-must-agree";

function ofRow(row: AgreementRow, one: Disagreement, { sides }: Agreement): Finding {
  const isCode = isOfCode(one.cause);
  const from = (isCode ? row.codeFrom : row.migrationFrom) ?? sides.migrations;
  const [, file = from, line = "1"] = /^(.*?)(?::(\d+))?$/.exec(from) ?? [];
  return {
    rule: ruleOf(one.cause),
    severity: row.severity,
    file,
    line: Number(line),
    message: `${row.what} ${row.object}: ${one.sentence}`,
    why: `${isCode ? "Code and migrations" : "Migrations and database"} disagree: ${says(row)}.`,
    source: "catalogs compared",
    wayOut: { text: one.next.join("; ") },
    docs,
  };
}

function ofLedger(
  { cause, severity, sentence, next }: LedgerRemark,
  { sides }: Agreement,
): Finding {
  return {
    rule: ruleOf(cause),
    severity,
    file: sides.migrations,
    line: 1,
    message: sentence,
    why: "The ledger is what migration tools go by: where it is wrong, they run too much or too little.",
    source: "the ledger and catalogs compared",
    wayOut: { text: next.join("; ") },
    docs,
  };
}

const ofStatements = "docs/check.md#the-codes-own-statements";

/**
 * What migrations take from the code's recorded statements, at the migration's statement that does it.
 * @param first file that is named where it is not known which one does it
 * @param planOf folder of the proven plan that carries the migration of a `file:line`
 */
export function brokenFindings(
  needs: readonly BrokenNeed[],
  first: string,
  planOf: (by: string | undefined) => string | undefined,
): readonly Finding[] {
  return needs.map((need): Finding => {
    const { difference, sql } = need;
    const plan = planOf(need.by);
    return {
      rule: ruleOf("statement-broken"),
      severity: difference.severity,
      ...placed(need.by ?? first),
      message: plan === undefined ? brokenSentence(need) : endedSentence(need, plan),
      why: `The code sends: ${oneLine(sql)}. Before this migration the server takes it, and what it needs is there: a release that runs on fails.`,
      source: "asked of scratch before and after",
      wayOut:
        plan === undefined
          ? { text: brokenNext.join("; "), needsPlan: true }
          : { text: endedNext.join("; ") },
      docs: ofStatements,
    };
  });
}

/**
 * What fails while a proven plan is carried out: statements that it breaks before its contract phase, and those that go only at
 * its end.
 */
export function alongPlanFindings(
  plan: string,
  broken: readonly BrokenNeed[],
  waiting: readonly RefusedQuery[],
): readonly Finding[] {
  const about = {
    rule: ruleOf("statement-broken"),
    source: "asked of scratch along the plan",
    docs: ofStatements,
  } as const;
  return [
    ...broken.map((need): Finding => ({
      ...about,
      severity: need.difference.severity,
      file: `${plan}/expand.sql`,
      line: 1,
      message: betweenSentence(need, plan),
      why: `The code sends: ${oneLine(need.sql)}. The migration as it is written may let it go on: what is run is the plan.`,
      wayOut: {
        text: `change the code first, deploy it, and record again: lockstep contract record -- npm test; or correct the plan, then lockstep plan --prove ${plan}`,
      },
    })),
    ...waiting.map((query): Finding => ({
      ...about,
      severity: "error",
      ...placed(placeOf(query)),
      message: waitingSentence(query, plan),
      why: `The code sends: ${oneLine(query.sql)}.`,
      wayOut: {
        text: "send it from the release after that only; or name what is there while both releases run",
      },
    })),
  ];
}

/** Statements that the migrations' own database refuses, at the place that sends them. */
export function unmadeFindings(queries: readonly RefusedQuery[]): readonly Finding[] {
  return queries.map((query): Finding => ({
    rule: ruleOf("statement-unmade"),
    severity: "error",
    ...placed(placeOf(query)),
    message: unmadeSentence(query),
    why: `The code sends: ${oneLine(query.sql)}.`,
    source: "asked of scratch",
    wayOut: { text: unmadeNext.join("; ") },
    docs: ofStatements,
  }));
}

/** The first place of several. */
function placed(from: string): Pick<Finding, "file" | "line"> {
  const [, file = from, line = "1"] = /^(.*?)(?::(\d+))?(?:, .*)?$/.exec(from) ?? [];
  return { file, line: Number(line) };
}

function oneLine(sql: string): string {
  const text = sql.replaceAll(/\s+/g, " ");
  return text.length > 240 ? `${text.slice(0, 239)}…` : text;
}

/** What each side says, in a line. */
function says({ code, migrations, database }: AgreementRow): string {
  const sides = [
    ["the code", code],
    ["the migrations", migrations],
    ["the database", database],
  ] as const;
  return sides
    .flatMap(([name, said]) =>
      said === undefined ? [] : [`${name}: ${said?.text ?? "not there"}`],
    )
    .join("; ");
}
