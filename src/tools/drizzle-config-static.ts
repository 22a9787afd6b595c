import { computed, literal, nameOf, readStaticModule, type Tree } from "./static-module.ts";

/** What Lockstep wants to know; credentials are not among it, so whatever stands there is not looked at. */
const wanted = new Set(["dialect", "out", "schema", "migrations"]);

/**
 * The wanted values of a configuration file that writes them out: `export default { … }`, `defineConfig({ … })`, also
 * by way of a constant, `satisfies` or `as`. Undefined when anything of it is computed: then the file has to be run.
 */
export function readStaticConfig(text: string): Readonly<Record<string, unknown>> | undefined {
  const config = readStaticModule(text)?.exported;
  if (config?.type !== "ObjectExpression") return undefined;
  const values: Record<string, unknown> = {};
  for (const property of config["properties"] as readonly Tree[]) {
    const name = nameOf(property);
    if (name === undefined) return undefined;
    if (!wanted.has(name)) continue;
    const value = literal(property["value"] as Tree);
    if (value === computed) return undefined;
    values[name] = value;
  }
  return values;
}
