import { parseSql } from "../sql/index.ts";

/** A statement of the code's, as a file of queries has it. */
export interface FiledQuery {
  readonly sql: string;
  /** Type of each parameter; null for the server to find out. */
  readonly types: readonly (string | null)[];
  /** Where the code sends it, as far as that was seen. */
  readonly from: readonly string[];
}

const words = { from: "-- from:", types: "-- types:" } as const;

/**
 * The text of a file of queries: SQL that people read, each statement with comments that say where it comes from.
 * @param command what was recorded
 */
export function queryFileText(queries: readonly FiledQuery[], command: string): string {
  const head = [
    `-- What the code asks of its database: every statement that \`${command}\` sent, without values.`,
    "-- Written by `lockstep contract record`; docs/contract.md explains it.",
  ];
  const parts = queries.map(({ sql, types, from }) =>
    [
      ...(from.length === 0 ? [] : [`${words.from} ${from.join(", ")}`]),
      ...(types.every((type) => type === null)
        ? []
        : [`${words.types} ${types.map((type) => type ?? "?").join(", ")}`]),
      `${sql};`,
    ].join("\n"),
  );
  return `${[head.join("\n"), ...parts].join("\n\n")}\n`;
}

/**
 * Reads a file of queries: one that was recorded, or one that people keep (sqlc's, or those that an application loads). A
 * statement that names no place stands where it stands in the file.
 * @param shown the file as it is called
 * @throws LockstepError `sql-syntax`
 */
export async function readQueries(text: string, shown: string): Promise<readonly FiledQuery[]> {
  const lines = text.split("\n");
  return (await parseSql(text, shown)).map(({ sql, line, node }) => {
    const said = { from: "", types: "" };
    for (let at = line - 2; at >= 0 && lines[at]!.startsWith("--"); at--)
      for (const key of ["from", "types"] as const)
        if (lines[at]!.startsWith(words[key])) said[key] = lines[at]!.slice(words[key].length);
    const list = (value: string) =>
      value
        .split(", ")
        .map((one) => one.trim())
        .filter(Boolean);
    const from = list(said.from);
    const types = list(said.types).map((type) => (type === "?" ? null : type));
    return {
      sql,
      types: Array.from({ length: highestParameter(node) }, (_, at) => types[at] ?? null),
      from: from.length === 0 ? [`${shown}:${line}`] : from,
    };
  });
}

function highestParameter(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Object.entries(value).map(([name, inner]) =>
    name === "ParamRef"
      ? Number((inner as { number?: number }).number ?? 0)
      : highestParameter(inner),
  );
  return Math.max(0, ...own);
}
