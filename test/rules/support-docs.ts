import { rules } from "../../src/rules/index.ts";
import { readCases, type RuleCase } from "./support-cases.ts";

/** The index of all rules for docs/rules.md. */
export function ruleTable(): string {
  return [
    "| rule | what it finds | severity |",
    "| --- | --- | --- |",
    ...rules.map(({ id, title, severity, kind }) => {
      const level = kind === "advice" ? `${severity}, off until asked for` : severity;
      return `| [${id}](rules/${id}.md) | ${title} | ${level} |`;
    }),
  ].join("\n");
}

/** The hazards of the union table with their safe twins, as the cases have them. */
export function unionTable(): string {
  const rows = new Map<number, RuleCase[]>();
  for (const one of readCases())
    for (const number of one.union) rows.set(number, [...(rows.get(number) ?? []), one]);
  return [
    "| # | hazards, and the rules that must speak | safe twins, of which none may |",
    "| --- | --- | --- |",
    ...[...rows]
      .sort(([a], [b]) => a - b)
      .map(([number, cases]) => `| ${number} | ${cell(cases, "bad")} | ${cell(cases, "good")} |`),
  ].join("\n");
}

function cell(cases: readonly RuleCase[], kind: RuleCase["kind"]): string {
  const said = cases
    .filter((one) => one.kind === kind)
    .map(({ rule, title }) => (kind === "bad" ? `${title} (\`${rule}\`)` : title));
  return said.length === 0 ? "–" : [...new Set(said)].join("; ").replaceAll("|", "\\|");
}

/** A page with what stands between `<!-- name -->` and `<!-- /name -->` replaced. */
export function withSection(page: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from === -1 || to === -1) throw new Error(`the page has no section ${name}`);
  return `${page.slice(0, from + start.length)}\n${content}\n${page.slice(to)}`;
}
