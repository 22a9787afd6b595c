import { listWords } from "./evaluate-locks.ts";
import type { Severity, WayOut } from "./finding.ts";
import { lossesOf, type Loss } from "./losses/found.ts";
import { onlyWhenEmpty } from "./only-when-empty.ts";
import { takenAlong } from "./losses/taken-along.ts";
import type { Rule, StatementInput, Verdict } from "./rule.ts";
import { sizeWords } from "./size-words.ts";

/**
 * What a statement throws away for good. It speaks for breaks-running-release too where one statement does both: who
 * accepts that the data go has decided about the readers.
 */
export const losesData: Rule = {
  id: "loses-data",
  title: "Throws data away",
  severity: "error",
  kind: "hazard",
  kinds: [
    "AlterTableStmt",
    "DeleteStmt",
    "DropOwnedStmt",
    "DropStmt",
    "DropdbStmt",
    "TruncateStmt",
  ],
  supersedes: ["breaks-running-release", "drops-more-than-named"],
  statement(input): Iterable<Verdict> {
    const losses = lossesOf(input);
    const [first] = losses;
    if (first === undefined) return [];
    const { severity, message, why, wayOut } = told[first.kind];
    const names = listWords(losses.map((loss) => nameOf(input, loss)));
    const alone = first.kind === "values" || first.kind === "unlogged";
    return [
      {
        at: input,
        severity,
        message: `${message(names, first, losses.length > 1)}${alone ? "" : also(input, losses)}`,
        why: `${why}${onlyWhenEmpty(
          input,
          input.before,
          losses.flatMap(({ table }) => table ?? []),
        )}`,
        wayOut,
      },
    ];
  },
};

interface Told {
  /** A drop is also the ordinary last phase of a change; the others seldom belong into a migration. */
  readonly severity: Severity;
  readonly message: (names: string, first: Loss, many: boolean) => string;
  readonly why: string;
  readonly wayOut: WayOut;
}

const gone = {
  message: (names: string, _first: Loss, many: boolean) =>
    many ? `${names} are dropped with their data` : `${names} is dropped with its data`,
  why: "only a backup or point-in-time recovery brings it back; a release that still runs and names it, SELECT lists and RETURNING of an ORM included, fails from this commit on with 42P01 or 42703",
};

const dropLast: Told = {
  ...gone,
  severity: "warning",
  wayOut: {
    text: "Drop it last: first ship a release that no longer uses it, wait until the last older instance is gone, have a backup, then drop it in a migration of its own.",
    needsPlan: true,
  },
};

const byHand: Told = {
  ...gone,
  severity: "error",
  wayOut: { text: "Do it by hand with a backup at hand, not in a migration." },
};

const told: Readonly<Record<Loss["kind"], Told>> = {
  table: dropLast,
  column: dropLast,
  schema: byHand,
  database: byHand,
  owned: byHand,
  rows: {
    severity: "error",
    message: (names) => `every row of ${names} is deleted`,
    why: "only a backup or point-in-time recovery brings them back, and that takes every later change of the database along",
    wayOut: {
      text: "Say which rows by a WHERE and delete them in batches, or take them out of the way first: rename the table and keep it until nobody has missed it.",
    },
  },
  values: {
    severity: "warning",
    message: (_, { object, part }) => `${object} loses ${part!}`,
    why: "the cast does not fail, it changes what is stored; changing the type back does not bring it back",
    wayOut: {
      text: "Keep the column and add one of the new type; fill it, compare, switch the readers, and drop the old one last.",
      needsPlan: true,
    },
  },
  unlogged: {
    severity: "warning",
    message: (names) => `${names} is emptied by the next crash, and standbys have no rows of it`,
    why: "an unlogged table is not in the write-ahead log: recovery after a crash truncates it, and standbys and point-in-time recovery never have its rows",
    wayOut: { text: "Leave it logged, unless its rows can be made again at any time." },
  },
};

function nameOf({ context }: StatementInput, { object, table, kind }: Loss): string {
  const size = table === undefined || kind === "column" ? undefined : sizeWords(context, table);
  return size === undefined ? object : `${object} (${size})`;
}

/** What CASCADE takes along that the statement does not name, and what TRUNCATE empties with it. */
function also(input: StatementInput, losses: readonly Loss[]): string {
  const named = new Set<string>(losses.map(({ object }) => object));
  const emptied = input.effect.work.flatMap((work) =>
    work.kind === "rewrite" && work.emptied === true && !named.has(work.relation)
      ? [work.relation]
      : [],
  );
  const taken = takenAlong(input).flatMap(({ words, object }) =>
    object !== undefined && named.has(object) ? [] : [words],
  );
  const names = [...new Set([...emptied, ...taken])];
  return names.length === 0 ? "" : `, and with it ${listWords(names)}`;
}
