import { environmentNamed } from "../../environment.ts";
import { entries, get, items, text, type YamlNode } from "../../text/yaml-document.ts";
import type { Known } from "./expression.ts";
import type { Triggers } from "./triggers.ts";

/** One run of a job with the values that are known of it: `matrix.environment` = `production`. */
export type Variant = ReadonlyMap<string, Known>;

/** True for values that name environments, production among them. */
const namesEnvironments = (values: readonly string[]): boolean =>
  values.some((value) => environmentNamed(value) === "production") && values.length > 1;

/** A job once for every environment that its matrix or the workflow's inputs name; else once. */
export function variantsOf(job: YamlNode, triggers: Triggers, given: Variant): Variant[] {
  const matrix = get(job, "strategy", "matrix");
  for (const { key, value } of entries(matrix)) {
    const values = items(value).flatMap((item) => text(item) ?? []);
    if (key !== "include" && namesEnvironments(values)) {
      return values.map((each) => new Map<string, Known>([...given, [`matrix.${key}`, each]]));
    }
  }
  const include = items(get(matrix, "include"));
  const rows = include.map((row) =>
    entries(row).flatMap(({ key, value }) => {
      const said = text(value);
      return said === undefined ? [] : [[`matrix.${key}`, said] as const];
    }),
  );
  if (
    rows.some((row) => row.some(([, said]) => environmentNamed(said) === "production")) &&
    rows.length > 1
  ) {
    return rows.map((row) => new Map<string, Known>([...given, ...row]));
  }
  for (const [name, values] of triggers.inputs) {
    if (namesEnvironments(values) && !given.has(`inputs.${name}`)) {
      return values.map(
        (each) =>
          new Map<string, Known>([
            ...given,
            [`inputs.${name}`, each],
            [`github.event.inputs.${name}`, each],
          ]),
      );
    }
  }
  return [given];
}

/** Puts known values into `${{ matrix.environment }}`. */
export const filledIn = (source: string, variant: Variant): string =>
  source.replace(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (whole, name: string) => {
    const value = variant.get(name);
    return value === undefined || value === null ? whole : String(value);
  });
