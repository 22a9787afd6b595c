import type { Node, ViewStmt } from "@pgsql/types";
import {
  byId,
  fold,
  overlayWorld,
  sameType,
  temporarySchema,
  type Relation,
} from "../../world/index.ts";
import { rangeName } from "../../world/nodes.ts";
import type { EffectDraft } from "../draft.ts";
import { predictQuery } from "../query/index.ts";
import { analyzeQuery } from "../../world/query/analyze.ts";
import { hasSchema, placed, refuseTypeName } from "./new-name.ts";

/** CREATE [OR REPLACE] VIEW: the query's names are looked up; a view that is there is locked in AccessExclusive. */
export function predictView(draft: EffectDraft, statement: ViewStmt): void {
  const name = rangeName(statement.view);
  if (!hasSchema(draft, name)) return;
  const { query } = statement;
  const place = readsTemporary(draft, query) ? { ...name, schema: temporarySchema } : name;
  const there = draft.find(placed(draft, place));
  if (there === undefined) refuseTypeName(draft, place);
  else {
    if (statement.replace !== true) {
      draft.fail("always", "42P07", `relation "${there.name}" already exists`);
      return;
    }
    if (there.kind !== "view") {
      draft.fail("always", "42809", `"${there.name}" is not a view`);
      return;
    }
    draft.lock(there, "AccessExclusive");
    keepsColumns(draft, there, statement);
  }
  predictQuery(draft, query, "parsed", "view-source");
}

/** A view of a temporary table is temporary itself (view.c, DefineView). */
function readsTemporary({ world, searchPath }: EffectDraft, query: Node | undefined): boolean {
  return [...analyzeQuery(query, world, searchPath).reads.keys()].some(
    (id) => byId(world, id)?.persistence === "temporary",
  );
}

/** A view may only get more columns at its end (view.c, checkViewColumns). */
function keepsColumns(draft: EffectDraft, view: Relation, statement: ViewStmt): void {
  const after = overlayWorld(draft.world);
  fold({ node: { ViewStmt: statement } }, after, { searchPath: draft.searchPath });
  const columns = byId(after, view.id)?.columns ?? [];
  if (columns.length === 0 || columns.some(({ name }) => name === "")) return;
  for (const [at, old] of view.columns.entries()) {
    const now = columns[at];
    if (now === undefined) {
      draft.fail("always", "42P16", "cannot drop columns from view");
      return;
    }
    if (now.name !== old.name) {
      draft.fail(
        "always",
        "42P16",
        `cannot change name of view column "${old.name}" to "${now.name}"`,
      );
      return;
    }
    const known = old.typeKnown && now.typeKnown && now.type.schema !== undefined;
    if (known && old.type.schema !== undefined && !sameType(old.type, now.type)) {
      draft.fail("always", "42P16", `cannot change data type of view column "${old.name}"`);
      return;
    }
  }
}
