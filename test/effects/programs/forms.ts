/**
 * - `known`: locks and the catalog afterwards are told exactly.
 * - `open`: what decides is not known before; it is said, or more is told than happens.
 */
export type Certainty = "known" | "open";

export interface ProgramCase {
  readonly name: string;
  readonly sql: string;
  readonly certainty: Certainty;
}

export function block(
  name: string,
  body: string,
  declare = "",
  certainty: Certainty = "known",
): ProgramCase {
  const sql = `DO $do$ ${declare === "" ? "" : `DECLARE ${declare} `}BEGIN ${body} END $do$`;
  return { name, sql, certainty };
}

export function open(name: string, body: string, declare = ""): ProgramCase {
  return block(name, body, declare, "open");
}

export const addTo = "ALTER TABLE notes ADD COLUMN extra int;";
export const dropFrom = "ALTER TABLE notes DROP COLUMN done CASCADE;";

export const columns = "SELECT 1 FROM information_schema.columns WHERE";
