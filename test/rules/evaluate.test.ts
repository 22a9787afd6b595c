import { expect, test } from "vitest";
import {
  createWorld,
  fold,
  noEffect,
  SimulatedSession,
  type Effect,
  type TransactionMode,
  type World,
} from "../../src/effects/index.ts";
import { evaluateFile, type EvaluatedFile, type Rule } from "../../src/rules/index.ts";
import { parseSql, qualifiedName } from "../../src/sql/index.ts";

async function worldOf(sql: string): Promise<World> {
  const world = createWorld({ major: 18, complete: true });
  for (const statement of await parseSql(sql, "base.sql")) fold(statement, world);
  return world;
}

async function evaluate(
  text: string,
  rules: readonly Rule[],
  more: {
    readonly world?: World;
    readonly transaction?: TransactionMode;
    readonly effect?: Effect;
  } = {},
): Promise<EvaluatedFile> {
  const { transaction = "statement", effect = noEffect } = more;
  return evaluateFile({
    file: "m.sql",
    text,
    statements: await parseSql(text, "m.sql"),
    transaction,
    world: more.world ?? (await worldOf("")),
    session: new SimulatedSession({ transaction }),
    effectOf: () => ({ effect, source: { kind: "observed", on: "18.4" } }),
    context: { major: 18, sizes: undefined, runnerSetsTimeouts: true },
    rules,
  });
}

function rule(id: string, more: Partial<Rule> = {}): Rule {
  return {
    id,
    title: id,
    severity: "warning",
    kind: "hazard",
    *statement(input) {
      yield { at: input, message: id, why: "", wayOut: { text: "" } };
    },
    ...more,
  };
}

/** Says which tables are there before each statement. */
const tables = rule("tables", {
  *statement(input) {
    const message = [...input.world.relations.keys()].sort();
    yield { at: input, message: message.join(" "), why: "", wayOut: { text: "" } };
  },
});

const messages = ({ findings }: EvaluatedFile) => findings.map(({ message }) => message);

test("each statement is shown with the catalog that the statements before it leave", async () => {
  const text = "CREATE TABLE a ();\nCREATE TABLE b ();\nDROP TABLE a;\nSELECT 1;";
  const result = await evaluate(text, [tables]);
  expect(messages(result)).toEqual(["", "public.a", "public.a public.b", "public.b"]);
  expect([...result.world.relations.keys()]).toEqual(["public.b"]);
});

test("ROLLBACK and ROLLBACK TO bring the catalog back", async () => {
  const text = `BEGIN;
CREATE TABLE a ();
SAVEPOINT s;
CREATE TABLE b ();
ROLLBACK TO s;
CREATE TABLE c ();
ROLLBACK;
CREATE TABLE d ();`;
  const result = await evaluate(text, [tables]);
  expect(messages(result).slice(5)).toEqual(["public.a", "public.a public.c", ""]);
  expect([...result.world.relations.keys()]).toEqual(["public.d"]);
});

test("a statement that cannot succeed changes neither catalog nor session", async () => {
  const failing: Effect = {
    ...noEffect,
    failures: [{ when: "always", sqlState: "42P07", message: "exists" }],
  };
  const result = await evaluate("CREATE TABLE a ();\nSELECT 1;", [tables], { effect: failing });
  expect(messages(result)).toEqual(["", ""]);
  const inside = await evaluate("SELECT 1;\nSELECT 2;", [], {
    effect: failing,
    transaction: "file",
  });
  expect(inside.statements.map(({ session }) => session.failed)).toEqual([false, true]);
});

test("only relations from before the file count as existing, and breaks are told for them", async () => {
  const world = await worldOf("CREATE TABLE old (id bigint);");
  const text = "CREATE TABLE fresh ();\nDROP TABLE fresh;\nDROP TABLE old;";
  const { statements } = await evaluate(text, [], { world });
  expect(statements.map(({ effect }) => effect.breaks.map(({ object }) => object))).toEqual([
    [],
    [],
    ["public.old"],
  ]);
});

test("findings come by line, then severity, then rule", async () => {
  const list = [rule("b"), rule("a"), rule("z", { severity: "error" })];
  const { findings } = await evaluate("SELECT 1;\nSELECT 2;", list);
  expect(findings.map(({ line, rule }) => `${line}${rule}`)).toEqual([
    "1z",
    "1a",
    "1b",
    "2z",
    "2a",
    "2b",
  ]);
  expect(findings[0]).toMatchObject({ source: "observed on 18.4", docs: "docs/rules/z.md" });
});

test("a superseded rule is silent at that statement only", async () => {
  const first = rule("first", {
    supersedes: ["second"],
    *statement(input) {
      if (input.statement.index === 0)
        yield { at: input, message: "first", why: "", wayOut: { text: "" } };
    },
  });
  const byFile = rule("second", {
    *file(input) {
      for (const at of input.statements)
        yield { at, message: "second", why: "", wayOut: { text: "" } };
    },
  });
  const { statement, ...second } = byFile;
  expect(statement).toBeDefined();
  expect(messages(await evaluate("SELECT 1;\nSELECT 2;", [first, second]))).toEqual([
    "first",
    "second",
  ]);
});

test("advice is silent until it is asked for", async () => {
  const advice = rule("advice", { kind: "advice", severity: "info" });
  expect(messages(await evaluate("SELECT 1;", [advice]))).toEqual([]);
});

test("a finding about a DO block says which of its lines name the relation, or its column", async () => {
  const world = await worldOf("CREATE TABLE users (id int); CREATE TABLE orders (id int);");
  const lock = { kind: "table", mode: "AccessExclusive", role: "self" } as const;
  const effect: Effect = {
    ...noEffect,
    locks: [
      { ...lock, relation: qualifiedName("public", "users") },
      { ...lock, relation: qualifiedName("public", "orders") },
    ],
  };
  const text = `SELECT 1;
DO LANGUAGE plpgsql $$
DECLARE n int;
BEGIN
  ALTER TABLE users ADD COLUMN a int;
  IF n > 0 THEN EXECUTE 'CREATE INDEX ON public.users (a)'; END IF;
  ALTER TABLE orders ADD COLUMN a int;
  ALTER TABLE users ADD COLUMN "B" int;
END $$;
ALTER TABLE users ADD COLUMN b int;`;
  const told = (message: string) =>
    rule("told", {
      *statement(input) {
        yield { at: input, message, why: "", wayOut: { text: "" } };
      },
    });
  const said = async (message: string) =>
    messages(await evaluate(text, [told(message)], { world, effect }))[1];
  expect(await said("locks public.users")).toBe("locks public.users (lines 5, 6 and 8)");
  expect(await said("public.users.a is new")).toBe("public.users.a is new (lines 5 and 6)");
  expect(await said('public.users."B" is new')).toBe('public.users."B" is new (line 8)');
  expect(await said("public.users.c is new")).toBe("public.users.c is new (lines 5, 6 and 8)");
});
