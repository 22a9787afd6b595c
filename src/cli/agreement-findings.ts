import {
  isOfCode,
  ruleOf,
  type Agreement,
  type AgreementRow,
  type Disagreement,
  type LedgerRemark,
} from "../agreement/index.ts";
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
