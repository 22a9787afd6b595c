import { expect, it } from "vitest";
import { compareEffects } from "../../src/check/compare-effects.ts";
import { noEffect, type Effect, type LockMode } from "../../src/effects/index.ts";
import { qualifiedName } from "../../src/sql/index.ts";

const alter = { kind: "AlterTableStmt" };

const rewrite: Effect = {
  ...noEffect,
  locks: [
    { relation: "public.users", kind: "table", mode: "AccessExclusive", role: "self" },
    { relation: "public.users_pkey", kind: "index", mode: "AccessExclusive", role: "index" },
  ],
  work: [
    { kind: "rewrite", relation: "public.users" },
    {
      kind: "index-build",
      relation: "public.users",
      index: "public.users_pkey",
      again: true,
      concurrent: false,
    },
  ],
};

it("names each lock and rewrite in which a prediction was wrong", () => {
  expect(compareEffects(rewrite, rewrite, alter)).toEqual([]);
  const observed: Effect = {
    ...rewrite,
    locks: [{ ...rewrite.locks[0]!, mode: "Share" }],
    work: [rewrite.work[0]!],
  };
  expect(compareEffects(rewrite, observed, alter)).toEqual([
    "lock of public.users: predicted AccessExclusive, observed Share",
    "lock of public.users_pkey: predicted AccessExclusive, observed none",
    "rewrite of public.users_pkey: predicted new storage, observed none",
  ]);
  expect(compareEffects(noEffect, { ...noEffect, locks: [rewrite.locks[0]!] }, alter)).toEqual([
    "lock of public.users: predicted none, observed AccessExclusive",
  ]);
});

it("does not hold against a prediction that it does not know, nor compare what was not done", () => {
  const unsure: Effect = { ...noEffect, unknown: ["the view's sources are not known"] };
  expect(compareEffects(unsure, rewrite, alter)).toEqual([]);
  const failed: Effect = {
    ...noEffect,
    failures: [{ when: "on-rows", sqlState: "23502", message: "contains null values" }],
  };
  expect(compareEffects(rewrite, failed, alter)).toEqual([]);
});

it("takes a prediction for what rows decide as the most that may happen", () => {
  const update = { kind: "UpdateStmt" };
  const lock = (relation: string, mode: LockMode): Effect["locks"][number] => ({
    relation: qualifiedName("public", relation),
    kind: "table",
    mode,
    role: "other",
  });
  const predicted = {
    ...noEffect,
    locks: [lock("orders", "RowExclusive"), lock("users", "RowShare"), lock("log", "RowExclusive")],
  };
  const observed = {
    ...noEffect,
    locks: [lock("orders", "RowExclusive"), lock("users", "AccessShare")],
  };
  expect(compareEffects(predicted, observed, update)).toEqual([]);
  expect(compareEffects(predicted, observed, alter)).toHaveLength(2);
  expect(compareEffects(observed, predicted, update)).toEqual([
    "lock of public.log: predicted none, observed RowExclusive",
    "lock of public.users: predicted AccessShare, observed RowShare",
  ]);
});
