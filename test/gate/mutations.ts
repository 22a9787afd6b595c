import type { Maker, Mutation } from "./mutation.ts";
import { ruleMakers } from "./mutations-rules.ts";
import { shapeMakers } from "./mutations-shape.ts";
import { typeMakers } from "./mutations-types.ts";
import type { Random } from "./random.ts";
import type { MadeSchema } from "./rich-schema.ts";

const makers: Readonly<Record<string, Maker>> = { ...shapeMakers, ...ruleMakers, ...typeMakers };

/** A change of a kind drawn at random; undefined when the drawn table has nothing it could apply to. */
export function drawMutation(
  schema: MadeSchema,
  random: Random,
  major: number,
): Mutation | undefined {
  return drawKind(random.pick(Object.keys(makers)), schema, random, major);
}

/** One change of every kind that applies to some table, each to another table if that can be. */
export function* drawOfEachKind(
  schema: MadeSchema,
  random: Random,
  major: number,
): Generator<Mutation> {
  for (const kind of Object.keys(makers))
    for (let attempt = 0; attempt < 200; attempt++) {
      const mutation = drawKind(kind, schema, random, major);
      if (mutation === undefined) continue;
      yield mutation;
      break;
    }
}

function drawKind(
  kind: string,
  schema: MadeSchema,
  random: Random,
  major: number,
): Mutation | undefined {
  const table = random.pick(schema.tables);
  const made = makers[kind]!({ schema, table, random, major });
  if (made === undefined) return undefined;
  const family = schema.tables.filter(({ parents }) =>
    parents.some((parent) => parent.table === table.name),
  );
  const around = [table, ...family].map(({ name }) => name);
  const above = table.parents.map((parent) => parent.table);
  return { kind, tables: new Set([...around, ...above]), ...made };
}
