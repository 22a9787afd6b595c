import { qualifiedName } from "../catalog/index.ts";
import {
  placeOf,
  type AskedQueries,
  type RefusedQuery,
  type ResolvedQuery,
} from "../contract/index.ts";
import { runGate, type Difference } from "../gate/index.ts";
import type { Session } from "../pg/index.ts";
import type { Agreement, AgreementRow, Disagreement } from "./model.ts";

/** A file of migrations that was run, with what its statements did. */
export interface RanFile {
  readonly file: string;
  readonly statements: readonly {
    readonly line: number;
    readonly effect: {
      readonly breaks: readonly { readonly object: string }[];
      readonly locks: readonly { readonly relation: string }[];
    };
  }[];
}

/** Something that the code's statements need and that is no longer there, or not as they need it. */
export interface BrokenNeed {
  readonly difference: Difference;
  /** Where the first statement that needs it is sent, its text, and how many others need it. */
  readonly from: string;
  readonly sql: string;
  readonly others: number;
  /** `file:line` of the migration's statement that did it; undefined where several files may have. */
  readonly by: string | undefined;
}

/**
 * What of the needs that a database met is not met any more after migrations were run on it.
 * @param asked the statements' needs before
 * @param session on the same database, afterwards
 */
export async function brokenNeeds(
  { contract, taken }: AskedQueries,
  session: Session,
  ran: readonly RanFile[],
): Promise<readonly BrokenNeed[]> {
  const { differences } = await runGate({ contract, database: session, environment: "check" });
  return differences.filter(isBreak).map((difference) => {
    const needing = queriesThatNeed(difference, taken);
    const [first] = needing;
    return {
      difference,
      from: first === undefined ? difference.from : placeOf(first),
      sql: first?.sql ?? "",
      others: Math.max(0, needing.length - 1),
      by: breakerOf(difference, needing.flatMap(usesOf), ran),
    };
  });
}

/** A statement that could not be planned just now is not known to go on. */
function isBreak({ severity, kind }: Difference): boolean {
  return severity === "error" || kind === "refused-query";
}

/** Everything that a statement uses, by name. */
function usesOf({ tables, typeNames, functions }: ResolvedQuery): readonly string[] {
  return [
    ...tables.flatMap(({ relation, columns }) => [
      relation,
      ...[...columns].map((column) => `${relation}.${qualifiedName(column)}`),
    ]),
    ...typeNames,
    ...functions,
  ];
}

/** Statements that use the object, or are the one that is refused. */
function queriesThatNeed(
  { object, kind, from }: Difference,
  taken: readonly ResolvedQuery[],
): readonly ResolvedQuery[] {
  if (kind === "refused-query") return taken.filter((one) => placeOf(one) === from);
  const own = taken.filter((one) => usesOf(one).some((use) => isPartOf(use, object)));
  if (own.length > 0) return own;
  // A new column, a key, a label: of what it belongs to.
  const whole = parentOf(object);
  const around = taken.filter((one) => usesOf(one).some((use) => isPartOf(use, whole)));
  if (kind !== "extra-required-column") return around;
  return around.filter(({ tables }) =>
    tables.some(({ relation, access }) => relation === whole && access.has("insert")),
  );
}

function isPartOf(name: string, whole: string): boolean {
  return name === whole || name.startsWith(`${whole}.`);
}

/** `public.orders` of `public.orders.note`. */
function parentOf(object: string): string {
  return object.replace(/\.(?:"(?:[^"]|"")*"|[^".]+)$/, "");
}

/** The statement that broke the object, else one that broke something used, else the last that locked something used. */
function breakerOf(
  { object }: Difference,
  uses: readonly string[],
  ran: readonly RanFile[],
): string | undefined {
  const places = ran.flatMap(({ file, statements }) =>
    statements.map(({ line, effect }) => ({ place: `${file}:${line}`, effect })),
  );
  const isUsed = (name: string) => uses.some((use) => isPartOf(use, name));
  const found =
    places.find(({ effect }) => effect.breaks.some((one) => one.object === object)) ??
    places.find(({ effect }) => effect.breaks.some((one) => isUsed(one.object))) ??
    places.findLast(({ effect }) =>
      effect.locks.some(({ relation }) => isUsed(relation) || isPartOf(object, relation)),
    );
  if (found !== undefined) return found.place;
  return ran.length === 1 ? `${ran[0]!.file}:${ran[0]!.statements[0]?.line ?? 1}` : undefined;
}

/** What recorded statements say beside the three catalogs. */
export interface StatementsSide {
  /** The file that holds them, as it is called. */
  readonly file: string;
  readonly broken: readonly BrokenNeed[];
  /** Those that what all migrations make refuses, and that no checked migration has broken. */
  readonly unmade: readonly RefusedQuery[];
  /** Where a statement uses an object. */
  readonly usedAt: (object: string) => string | undefined;
  /** Folder of the proven plan that carries the migration of this `file:line`. */
  readonly planOf: (by: string | undefined) => string | undefined;
}

/** The comparison with the statements as the code's side, or a part of it. */
export function withStatements(agreement: Agreement, side: StatementsSide): Agreement {
  const rows = new Map(agreement.rows.map((row) => [row.object, row]));
  for (const [object, row] of rows) {
    const place = row.code === undefined ? side.usedAt(object) : undefined;
    if (place !== undefined)
      rows.set(object, {
        ...row,
        code: { text: `used by ${place}`, brief: place },
        codeFrom: place,
      });
  }
  for (const need of side.broken) {
    const row = brokenRow(need, side);
    const known = rows.get(row.object);
    rows.set(row.object, known === undefined ? row : { ...row, database: known.database });
  }
  for (const query of side.unmade) {
    const row = unmadeRow(query);
    rows.set(`${row.object} ${query.sql}`, row);
  }
  const all = [...rows.values()];
  const code = agreement.sides.code === undefined ? side.file : agreement.sides.code;
  return {
    ...agreement,
    sides: { ...agreement.sides, code },
    rows: (["error", "warning", "info"] as const).flatMap((severity) =>
      all.filter((row) => row.severity === severity),
    ),
  };
}

/** In a sentence: who sends what, and why it fails. */
export function brokenSentence(need: BrokenNeed): string {
  return `${sends(need)} that ${need.by ?? "one of the migrations"} breaks: ${failing(need)}`;
}

/** The same, where a proven plan carries the migration: it goes on until the contract phase. */
export function endedSentence(need: BrokenNeed, plan: string): string {
  return `${sends(need)} that ${need.others === 0 ? "goes" : "go"} on while plan ${plan} goes, until its contract phase: ${failing(need)}`;
}

export const endedNext: readonly string[] = [
  "before lockstep migrate --phase contract, deploy code that no longer sends it, and record again: lockstep contract record -- npm test",
];

/** The same, of what a plan does while both releases run. */
export function betweenSentence(need: BrokenNeed, plan: string): string {
  return `${sends(need)} that plan ${plan} breaks before its contract phase, while both releases run: ${failing(need)}`;
}

/** In a sentence: what goes only when the plan has ended. */
export function waitingSentence(query: RefusedQuery, plan: string): string {
  return `${placeOf(query)} sends a statement that only the contract phase of plan ${plan} makes way for: ${query.refused}. The release that sends it runs before.`;
}

function sends({ from, others }: BrokenNeed): string {
  return others === 0 ? `${from} sends a statement` : `${from} and ${others} more send statements`;
}

function failing({ difference }: BrokenNeed): string {
  const { found, effect, expected, kind, object } = difference;
  const what =
    kind === "refused-query"
      ? found
      : `of ${object} the code expects ${expected}, and would find ${found}`;
  return `${what}; ${effect}.`;
}

export const brokenNext: readonly string[] = [
  "change the code first, deploy it, then record again: lockstep contract record -- npm test",
  "or lockstep plan the migration: both releases go on until the old one is gone",
];

function brokenRow(need: BrokenNeed, { planOf }: StatementsSide): AgreementRow {
  const { difference, by, from } = need;
  const plan = planOf(by);
  const { object, kind, expected, found } = difference;
  const isStatement = kind === "refused-query";
  const text = isStatement ? need.sql.replaceAll(/\s+/g, " ") : expected;
  return {
    object,
    what: isStatement ? "statement" : wordOf(kind),
    severity: plan === undefined ? difference.severity : "info",
    // What the code does not know it says nothing of.
    code: kind.startsWith("extra-")
      ? null
      : { text: isStatement ? text : `${text} (${from})`, brief: from },
    migrations: kind.startsWith("missing-") ? null : { text: found, brief: found },
    database: undefined,
    codeFrom: from,
    migrationFrom: by,
    disagreements: [
      plan === undefined
        ? disagreement("statement-broken", brokenSentence(need), brokenNext)
        : disagreement("statement-broken", endedSentence(need, plan), endedNext),
    ],
  };
}

/** `column` of `missing-column`. */
function wordOf(kind: Difference["kind"]): string {
  const word = kind.slice(kind.indexOf("-") + 1);
  return word === "required-column" || word === "type" || word === "nullability" ? "column" : word;
}

function unmadeRow(query: RefusedQuery): AgreementRow {
  const from = placeOf(query);
  return {
    object: from,
    what: "statement",
    severity: "error",
    code: { text: query.sql.replaceAll(/\s+/g, " "), brief: from },
    migrations: { text: query.refused, brief: query.refused },
    database: undefined,
    codeFrom: from,
    migrationFrom: undefined,
    disagreements: [disagreement("statement-unmade", unmadeSentence(query), unmadeNext)],
  };
}

/** In a sentence: who sends it, and why it is refused. */
export function unmadeSentence(query: RefusedQuery): string {
  return `${placeOf(query)} sends a statement that the migrations' own database refuses: ${query.refused}. No migration makes what it needs, or the code no longer sends it.`;
}

export const unmadeNext: readonly string[] = [
  "write the migration that it needs",
  "or record again what the code sends: lockstep contract record -- npm test",
];

function disagreement(
  cause: Disagreement["cause"],
  sentence: string,
  next: readonly string[],
): Disagreement {
  return { cause, sentence, together: sentence, next };
}
