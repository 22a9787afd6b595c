/**
 * Judges the statements of real products that a person has labelled dangerous or safe: `lockstep check --static` must say an
 * error or a warning of the labelled kind, or none that speaks of work, failure or loss.
 *
 *   node scripts/corpora/labels.mjs CORPORA FACTS [--only PRODUCT]
 *
 * CORPORA is what `load.mjs` wrote, FACTS the folder that has `labels.json`. It runs what `npm run build` made, and ends with
 * exit code 1 where a label is judged otherwise.
 */
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { checkHistory } from "./run-check.mjs";

/** The rules of which one must speak, by the class of a dangerous statement. */
const rulesOf = {
  "big-update": ["unbatched-change"],
  "drop-column": ["loses-data"],
  "drop-table-cascade": ["loses-data"],
  "enum-swap": ["blocking-rewrite"],
  "fk-validating": ["blocking-foreign-key"],
  "index-blocking": ["blocking-index-build"],
  "rename-column": ["breaks-running-release"],
  "set-not-null": ["blocking-scan"],
  "stored-generated": ["blocking-rewrite"],
  truncate: ["loses-data"],
  "type-change": ["blocking-rewrite"],
  "unique-constraint": ["blocking-index-build"],
  "unique-index-blocking": ["blocking-index-build"],
  "volatile-default": ["blocking-rewrite"],
};

/** None of these may speak about a safe statement. How long it may wait for its lock is another matter. */
const alarms = new Set([
  ...Object.values(rulesOf).flat(),
  "blocking-scan",
  "fails-always",
  "fails-in-transaction",
  "fails-on-rows",
  "unknown-effect",
]);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string", multiple: true } },
});
const [corpora, facts] = positionals;
const labels = JSON.parse(readFileSync(join(facts, "labels.json"), "utf8")).filter(
  ({ corpus }) => values.only === undefined || values.only.includes(corpus),
);
const reports = new Map();
let right = 0;
for (const label of labels) {
  const said = findingsAt(label);
  const isRight = judge(label, said);
  if (isRight) right++;
  const rules = said.map(({ rule, severity }) => `${severity}[${rule}]`).join(" ") || "nothing";
  const place = `${label.corpus} ${stepOf(label)} ${label.statement}`;
  process.stdout.write(
    `${isRight ? "right" : "WRONG"} ${label.kind} ${label.class}: ${place}: ${rules}\n`,
  );
}
process.stdout.write(`${right} of ${labels.length} labels are judged right\n`);
process.exitCode = right === labels.length ? 0 : 1;

function judge({ kind, class: name }, said) {
  const loud = said.filter(({ severity }) => severity !== "info");
  if (kind === "safe") return !loud.some(({ rule }) => alarms.has(rule));
  const wanted = rulesOf[name];
  if (wanted === undefined) throw new Error(`no rule is named for labels of the class ${name}`);
  return loud.some(({ rule }) => wanted.includes(rule));
}

/** What the check says about the labelled statement. */
function findingsAt(label) {
  const { corpus, statement: number } = label;
  if (!reports.has(corpus)) reports.set(corpus, checkHistory(corpora, corpus));
  const { files, findings } = reports.get(corpus);
  const step = stepOf(label);
  const file = files.find((one) => basename(one.file, ".sql") === step);
  const statement = file?.statements[number - 1];
  if (statement === undefined) throw new Error(`${corpus} has no statement ${number} in ${step}`);
  return findings.filter(
    (finding) => finding.file === file.file && finding.line === statement.line,
  );
}

/** Name of a file in the corpora: that of its folder where all files have one name. */
function stepOf({ file }) {
  const name = basename(file, ".sql").replace(/\.up$/, "");
  const isNamedByFolder = name === "migration" || name === "up";
  return isNamedByFolder ? basename(dirname(file)) : name;
}
