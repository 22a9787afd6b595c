import type { EnvironmentFinding, EnvironmentState } from "../environments/index.ts";
import { count, slot, table, type Style } from "./style.ts";

/** What `lockstep status --all` knows. */
export interface EnvironmentsReport {
  readonly version: 1;
  readonly folder: { readonly tool: string; readonly path: string };
  /** Ids, in the folder's order. */
  readonly migrations: readonly string[];
  readonly environments: readonly EnvironmentState[];
  readonly findings: readonly EnvironmentFinding[];
}

/** So many migrations that are everywhere are listed one by one; what is older is only counted. */
const listed = 5;

export function renderEnvironments(report: EnvironmentsReport, style: Style): string {
  const { colors } = style;
  const { folder, environments, findings } = report;
  return [
    `${colors.bold(`${environments.length} environments`)}  ${colors.dim(`${folder.tool} ${folder.path}`)}`,
    matrix(report, style),
    ...findings.map((finding) => findingText(finding, style)),
    findings.length === 0
      ? colors.green("the environments agree")
      : colors.yellow(count(findings.length, "finding")),
  ].join("\n\n");
}

function matrix({ migrations, environments }: EnvironmentsReport, style: Style): string {
  const { colors } = style;
  const states = environments.map(
    ({ reached }) => new Map(reached?.migrations.map((one) => [one.id, one])),
  );
  const strangers = [...new Set(states.flatMap((known) => [...known.keys()]))].filter(
    (id) => !migrations.includes(id),
  );
  const isEverywhere = (id: string) =>
    environments.every(
      ({ reached }, index) => reached === undefined || states[index]!.get(id)?.state === "applied",
    );
  const all = [...migrations, ...strangers];
  const everywhere = all.filter(isEverywhere);
  const older = new Set(everywhere.slice(0, -listed));
  const cell = (id: string, index: number) => {
    if (environments[index]!.reached === undefined) return "?";
    const one = states[index]!.get(id);
    if (one === undefined) return "-";
    const day = one.appliedAt?.toISOString().slice(0, 10) ?? "";
    return one.state === "applied" ? day || "applied" : `${one.state} ${day}`.trim();
  };
  const facts = (title: string, of: (state: EnvironmentState) => string) => [
    `  ${title}`,
    ...environments.map((state) => (state.reached === undefined ? "?" : of(state))),
  ];
  const rows = [
    ["", ...environments.map(({ name }) => name)],
    ...(older.size === 0
      ? []
      : [
          [
            `  ${count(older.size, "older one")}`,
            ...environments.map(({ reached }) => (reached === undefined ? "?" : "applied")),
          ],
        ]),
    ...all
      .filter((id) => !older.has(id))
      .map((id) => [`  ${id}`, ...environments.map((_, index) => cell(id, index))]),
    facts("changed by hand", ({ reached }) =>
      reached!.drift === undefined ? "not known" : `${reached!.drift}`,
    ),
    facts("last verified", ({ reached }) =>
      reached!.lastVerified === undefined
        ? "never"
        : `${reached!.lastVerified.release} ${reached!.lastVerified.verifiedAt.toISOString().slice(0, 10)}`,
    ),
    facts("running", ({ reached }) => {
      const running = reached!.running.filter(({ instances }) => instances > 0);
      return running.length === 0
        ? "none registered"
        : running
            .map(
              ({ release, instances, contractHash }) =>
                `${release} ×${instances} (${contractHash.slice(0, 8)})`,
            )
            .join(", ");
    }),
  ];
  return table(rows, (text, row, column) => {
    if (row === 0) return colors.bold(text);
    if (column === 0) return text;
    const word = text.trim();
    if (/^(?:pending|-)/.test(word)) return colors.cyan(text);
    if (/^(?:failed|partly)/.test(word)) return colors.red(text);
    if (/^(?:edited|unknown|\?|never|not known)/.test(word)) return colors.yellow(text);
    return text;
  });
}

function findingText({ what, why, next }: EnvironmentFinding, style: Style): string {
  return [
    `${style.colors.yellow("finding")}: ${what}`,
    ...(why === undefined ? [] : [slot(style, "why", why)]),
    slot(style, "next", next),
  ].join("\n");
}
