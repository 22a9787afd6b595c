import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { join } from "node:path";

/** Letter of pg_class.relkind for each kind of relation. */
const letters = {
  table: "r",
  "partitioned table": "p",
  "foreign table": "f",
  view: "v",
  "materialized view": "m",
  index: "i",
  "partitioned index": "I",
  sequence: "S",
};

const modes = [
  "RowExclusive",
  "ShareUpdateExclusive",
  "Share",
  "ShareRowExclusive",
  "Exclusive",
  "AccessExclusive",
];

/** Measured facts of a product by step, then by the statement's position in its file, counted from 1. */
export function readFacts(folder, product, major) {
  const file = join(folder, `${product}.pg${major}.jsonl.gz`);
  const lines = gunzipSync(readFileSync(file)).toString().trim().split("\n");
  const steps = new Map();
  for (const line of lines) {
    const { step, i, locks = {}, rewritten = [], scanned = [], mode, err } = JSON.parse(line);
    if (!steps.has(step)) steps.set(step, new Map());
    steps.get(step).set(i, { locks, rewritten: rewritten.toSorted(), scanned, mode, err });
  }
  return steps;
}

/** An effect in the form of the facts: RowExclusive and stronger, `kind:relation`, without schemas. */
export function asFacts(effect) {
  const kinds = new Map(effect.locks.map(({ relation, kind }) => [relation, kind]));
  const named = (relation) => `${letters[kinds.get(relation)] ?? "?"}:${bare(relation)}`;
  const locks = Object.fromEntries(
    effect.locks
      .filter(({ kind }) => kind in letters)
      .filter(({ mode }) => modes.includes(mode))
      .map(({ relation, mode }) => [named(relation), mode])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const rewritten = effect.work.flatMap((work) => {
    if (work.kind === "rewrite") return [named(work.relation)];
    return work.kind === "index-build" && work.again ? [`i:${bare(work.index)}`] : [];
  });
  return { locks, rewritten: rewritten.toSorted() };
}

/**
 * Brings an observation to the facts' own conventions, which are not ours:
 * they leave out RowExclusive locks on indexes; they name a relation as it was called when the file began; an index that
 * ALTER COLUMN … TYPE makes again under its name is for them a new relation, not one that existed before.
 */
export class FactConventions {
  #names = new Map();
  #remade = new Set();

  startFile() {
    this.#names.clear();
    this.#remade.clear();
  }

  apply({ locks, rewritten }, fact, statement) {
    for (const relation of rewritten)
      if (relation.startsWith("i:") && !fact.rewritten.includes(relation) && isRetyping(statement))
        this.#remade.add(relation);
    const kept = Object.entries(locks)
      .filter(([relation, mode]) => !(relation.startsWith("i:") && mode === "RowExclusive"))
      .filter(([relation]) => relation in fact.locks || !this.#remade.has(relation))
      .map(([relation, mode]) => [
        this.#names.get(relation.slice(2)) === undefined
          ? relation
          : relation.slice(0, 2) + this.#names.get(relation.slice(2)),
        mode,
      ]);
    return {
      locks: Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1))),
      rewritten: rewritten.filter((relation) => !this.#remade.has(relation)),
    };
  }

  /** Follows a rename, once its statement has been compared. */
  follow({ node }) {
    const { renameType, relation, newname } = node.RenameStmt ?? {};
    if (["OBJECT_TABLE", "OBJECT_INDEX", "OBJECT_SEQUENCE", "OBJECT_VIEW"].includes(renameType))
      this.#names.set(newname, this.#names.get(relation.relname) ?? relation.relname);
  }
}

/** True when the statement may make indexes of a column again under their names. */
export function isRetyping({ kind, node }) {
  if (kind === "DoStmt") return true;
  return (node.AlterTableStmt?.cmds ?? []).some(
    ({ AlterTableCmd: { subtype } }) =>
      subtype === "AT_AlterColumnType" || subtype === "AT_SetExpression",
  );
}

/** A name without quotes and without schema `public`. */
function bare(name) {
  const parts = name.match(/"(?:[^"]|"")*"|[^.]+/g);
  const plain = parts.map((part) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part,
  );
  return plain[0] === "public" ? plain.slice(1).join(".") : plain.join(".");
}
