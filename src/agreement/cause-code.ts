import type { Origin } from "../contract/index.ts";
import type { CodeSide } from "./compare.ts";
import type { Disagreement } from "./model.ts";
import { nameOf, whatIs, type Thing } from "./things.ts";

/** One object on which code and migrations differ. */
interface CodeSubject {
  readonly side: CodeSide;
  readonly thing: Thing;
  readonly inCode: Thing | undefined;
  readonly inMigrations: Thing | undefined;
  /** True when the database has it as the code says. */
  readonly isPushed: boolean;
  /** `file:line` of the schema. */
  readonly code: string | undefined;
  /** The statement of a migration that touched it last. */
  readonly origin: Origin | undefined;
}

/** Why code and migrations differ on an object, and what to do. */
export function codeDisagreement(subject: CodeSubject): Disagreement {
  const { inCode, inMigrations, isPushed, side } = subject;
  if (isPushed) return pushed(subject);
  if (inCode === undefined) return unknownToCode(subject);
  if (inMigrations === undefined) return notMade(subject);
  if (inCode.object !== inMigrations.object) return otherName(subject, inCode, inMigrations);
  const last = subject.origin === undefined ? "" : `, last by ${subject.origin.from}`;
  return {
    cause: "schema-and-migrations-differ",
    sentence: `${place(subject)} says ${inCode.text}; the migrations leave ${inMigrations.text}${last}.`,
    together: `${side.file} and the migrations say different things of them.`,
    next: [
      `when the schema is right: ${side.generate}`,
      `when the migrations are: say so in ${side.file}`,
    ],
  };
}

function place({ code, side }: CodeSubject): string {
  return code ?? side.file;
}

function pushed(subject: CodeSubject): Disagreement {
  const { inCode, side } = subject;
  const what = whatIs(subject.thing);
  return {
    cause: "pushed",
    sentence:
      inCode === undefined
        ? `The migrations make this ${what}; neither ${side.file} nor the database has it.`
        : `${place(subject)} and the database agree on this ${what}, and no migration says so: it was pushed, or made by hand.`,
    together: `${side.file} and the database agree on them, and no migration says so: they were pushed, or made by hand.`,
    next: [side.generate, "then lockstep baseline, which marks what the database has already"],
  };
}

function unknownToCode({ side, origin, thing }: CodeSubject): Disagreement {
  const made =
    origin === undefined || origin.action === "dropped"
      ? "The migrations make it"
      : `${origin.migration} ${origin.action === "made" ? "makes" : "changes"} it (${origin.from})`;
  return {
    cause: "migration-without-schema",
    sentence: `${made}, and ${side.file} does not declare it.`,
    together:
      origin === undefined || origin.action === "dropped"
        ? `The migrations make them, and ${side.file} does not declare them.`
        : `${origin.migration} ${origin.action === "made" ? "makes" : "changes"} them, and ${side.file} does not declare them.`,
    next: [
      `declare it in ${side.file}`,
      ...(ifNot[side.kind] ?? []),
      `or drop the ${whatIs(thing)} in a migration`,
    ],
  };
}

/** What happens to something that only the migrations make when the tool writes its next migration. */
const ifNot: Readonly<Partial<Record<CodeSide["kind"], readonly string[]>>> = {
  prisma: ["else the next migration that Prisma writes drops it"],
  drizzle: ["drizzle-kit generate does not see it: it compares with its own snapshots alone"],
};

function notMade(subject: CodeSubject): Disagreement {
  const { side, origin } = subject;
  if (origin?.action === "dropped")
    return {
      cause: "migration-without-schema",
      sentence: `${origin.migration} drops it (${origin.from}), and ${place(subject)} still declares it.`,
      together: `${origin.migration} drops them, and ${side.file} still declares them.`,
      next: [
        `when it is gone for good: take it out of ${side.file}`,
        `else make it again: ${side.generate}`,
      ],
    };
  return {
    cause: "schema-without-migration",
    sentence: `${place(subject)} declares it, and no migration makes it.`,
    together: `${side.file} declares them, and no migration makes them.`,
    next: [`write the migration: ${side.generate}`],
  };
}

function otherName(subject: CodeSubject, inCode: Thing, inMigrations: Thing): Disagreement {
  const { side, origin } = subject;
  const by = origin === undefined ? "" : ` (${origin.from})`;
  const isKey = whatIs(inCode) !== whatIs(inMigrations);
  return {
    cause: "schema-and-migrations-differ",
    sentence: isKey
      ? `${place(subject)} asks for a ${whatIs(inCode)}; the migrations made a ${whatIs(inMigrations)} over the same columns${by}.`
      : `${place(subject)} and the migrations${by} name the same ${whatIs(inCode)} otherwise: ${nameOf(inCode)} there, ${nameOf(inMigrations)} here.`,
    together: isKey
      ? `${side.file} asks for a ${whatIs(inCode)} where the migrations made a ${whatIs(inMigrations)} over the same columns.`
      : `${side.file} and the migrations name them otherwise.`,
    next: [
      isKey
        ? `nothing breaks; to have it as the schema says: ${side.generate}`
        : `give the name in the schema, or rename it: ${side.generate}`,
    ],
  };
}
