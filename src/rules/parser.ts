import { loadParser } from "../sql/index.ts";

/** Postgres' own parser, ready when this module is: rules answer at once and cannot wait for it. */
export const parser = await loadParser();
