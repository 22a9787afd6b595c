/**
 * How often `lockstep check --static` is right on the histories of real products, by file, against facts measured elsewhere;
 * and how much it says, beside squawk.
 *
 *   node scripts/corpora/hazards.mjs CORPORA FACTS [--only PRODUCT] [--squawk BINARY] [--out FILE]
 *
 * CORPORA is what `load.mjs` wrote. It runs what `npm run build` made. OUT gets every statement of which only one of the two,
 * the facts or the check, names a hazard: each is to be decided by hand, as neither tables nor facts know about rows.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { createJiti } from "jiti";
import { readFacts } from "./facts.mjs";
import { checkHistory } from "./run-check.mjs";

const jiti = createJiti(import.meta.url);
const { parseSql } = await jiti.import("../../src/sql/index.ts");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", multiple: true },
    squawk: { type: "string" },
    out: { type: "string" },
  },
});
const [corpora, facts] = positionals;
const products =
  values.only ??
  readdirSync(corpora, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
const counts = new Map();
const undecided = [];
for (const product of products) {
  const { files, findings, seconds } = checkHistory(corpora, product);
  const loud = findings.filter(({ severity }) => severity !== "info");
  const statements = files.reduce((sum, file) => sum + file.statements.length, 0);
  const unknown = files.flatMap((file) => file.statements).filter(isUnknown).length;
  process.stdout.write(
    `${product}: ${files.length} files, ${statements} statements, ${loud.length} errors and warnings (${per100(loud.length, files.length)} per 100 files${beside(product, files.length)}), ${unknown} unknown, ${seconds.toFixed(1)} s\n`,
  );
  await judge(product, files, loud);
}
for (const [hazard, { both, ours, theirs }] of counts)
  process.stdout.write(
    `${hazard}: ${both + theirs} files, precision ${percent(both, ours)}, recall ${percent(both, theirs)}\n`,
  );
const lines = undecided.map((one) => JSON.stringify(one));
if (values.out === undefined) for (const line of lines) process.stdout.write(`${line}\n`);
else writeFileSync(values.out, `${lines.join("\n")}\n`);

function isUnknown({ effect }) {
  return effect.unknown.length > 0;
}

function beside(product, files) {
  if (values.squawk === undefined) return "";
  const paths = readdirSync(join(corpora, product))
    .filter((name) => name.endsWith(".sql"))
    .map((name) => join(corpora, product, name));
  const said = ["", "--assume-in-transaction"].map((mode) => {
    const args = ["--pg-version", "15.0", "--reporter", "Json", ...mode.split(" "), ...paths];
    const options = { encoding: "utf8", maxBuffer: 2 ** 30 };
    return JSON.parse(spawnSync(values.squawk, args.filter(Boolean), options).stdout).length;
  });
  return `; squawk ${said.map((count) => per100(count, files)).join(", in a transaction ")}`;
}

async function judge(product, files, findings) {
  const measured = readFacts(facts, product, 18);
  for (const { file } of files) {
    const step = basename(file, ".sql");
    const statements = await parseSql(
      readFileSync(join(corpora, product, `${step}.sql`), "utf8"),
      step,
    );
    const own = findings.filter((finding) => basename(finding.file, ".sql") === step);
    const truths = new Set();
    const said = new Set();
    for (const statement of statements) {
      const fact = measured.get(step)?.get(statement.index + 1);
      const truth = fact === undefined ? [] : truthOf(statement, fact);
      const ours = own
        .filter(({ line }) => line === statement.line)
        .flatMap((finding) => hazardOf(finding, statement));
      for (const hazard of truth) truths.add(hazard);
      for (const hazard of ours) said.add(hazard);
      for (const hazard of new Set([...truth, ...ours]))
        if (truth.includes(hazard) !== ours.includes(hazard))
          undecided.push({
            product,
            step,
            line: statement.line,
            hazard,
            only: truth.includes(hazard) ? "facts" : "check",
            sql: statement.sql.replace(/\s+/g, " ").slice(0, 200),
          });
    }
    for (const hazard of new Set([...truths, ...said])) {
      const count = counts.get(hazard) ?? { both: 0, ours: 0, theirs: 0 };
      if (truths.has(hazard) && said.has(hazard)) count.both++;
      else if (said.has(hazard)) count.ours++;
      else count.theirs++;
      counts.set(hazard, count);
    }
  }
}

/** Hazards of a statement by what was measured of it. */
function truthOf(statement, { locks, rewritten, scanned }) {
  if (statement.kind === "IndexStmt")
    return Object.entries(locks).some(([name, mode]) => /^[rpm]:/.test(name) && mode === "Share")
      ? ["index"]
      : [];
  const commands = commandsOf(statement);
  const table = statement.node.AlterTableStmt?.relation?.relname;
  if (!Object.keys(locks).some((name) => /^[rp]:/.test(name) && name.endsWith(table))) return [];
  const isRewritten = rewritten.some((name) => /^[rpm]:/.test(name));
  const has = (subtype) => commands.some((command) => command.subtype === subtype);
  return [
    ...(isRewritten && has("AT_AlterColumnType") ? ["type change"] : []),
    ...(isRewritten && has("AT_AddColumn") && !has("AT_AlterColumnType") ? ["add column"] : []),
    ...(commands.some(validatesForeignKey) ? ["foreign key"] : []),
    ...(has("AT_SetNotNull") && (scanned.length > 0 || isRewritten) ? ["set not null"] : []),
    ...(commands.some(requiresColumn) ? ["required column"] : []),
  ];
}

function commandsOf({ node }) {
  return (node.AlterTableStmt?.cmds ?? []).map(({ AlterTableCmd: command }) => command);
}

function constraintsOf({ def }) {
  return (def?.ColumnDef?.constraints ?? []).map(({ Constraint }) => Constraint);
}

/** A column without a default has only nulls, which nobody looks up (transformFKConstraints). */
function validatesForeignKey(command) {
  const kinds = constraintsOf(command).map(({ contype }) => contype);
  const { contype, skip_validation: isSkipped } = command.def?.Constraint ?? {};
  if (command.subtype === "AT_AddColumn")
    return kinds.includes("CONSTR_FOREIGN") && kinds.includes("CONSTR_DEFAULT");
  return contype === "CONSTR_FOREIGN" && isSkipped !== true;
}

function requiresColumn(command) {
  if (command.subtype !== "AT_AddColumn") return false;
  const kinds = constraintsOf(command).map(({ contype }) => contype);
  const type = command.def.ColumnDef.typeName.names.at(-1).String.sval;
  const isGiven = ["CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED"].some((kind) =>
    kinds.includes(kind),
  );
  const isRequired = kinds.includes("CONSTR_NOTNULL") || kinds.includes("CONSTR_PRIMARY");
  return isRequired && !isGiven && !type.endsWith("serial");
}

/** The hazards that a finding names. */
function hazardOf({ rule, message }, statement) {
  const has = (subtype) => commandsOf(statement).some((command) => command.subtype === subtype);
  const notNull = has("AT_SetNotNull") ? ["set not null"] : [];
  switch (rule) {
    case "blocking-index-build":
      if (statement.kind === "IndexStmt") return ["index"];
      return message.includes("reads all of") ? notNull : [];
    case "blocking-rewrite":
      return [
        ...notNull,
        ...(has("AT_AlterColumnType")
          ? ["type change"]
          : has("AT_AddColumn")
            ? ["add column"]
            : []),
      ];
    case "blocking-foreign-key":
      return statement.kind === "AlterTableStmt" ? ["foreign key"] : [];
    case "blocking-scan":
      return notNull;
    case "fails-on-rows":
      return has("AT_AddColumn") ? ["required column"] : [];
    default:
      return [];
  }
}

function per100(count, files) {
  return Math.round((100 * count) / files);
}

function percent(right, wrong) {
  return `${((100 * right) / (right + wrong)).toFixed(1)} %`;
}
