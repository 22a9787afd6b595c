import { qualifiedName } from "../catalog/index.ts";
import type { ContractCatalog } from "./from-catalog.ts";

/**
 * An enum type that has no place of its own stands where the first column does that is of it.
 * @param places by address (see `Annotations.from`); what is found is added
 */
export function placeTypes(catalog: ContractCatalog, places: Map<string, string>): void {
  for (const [name, { columns }] of Object.entries(catalog.tables))
    for (const { name: own, type } of columns) {
      const address = `type ${qualifiedName(type.schema, type.name)}`;
      const place = places.get(`column ${name}.${qualifiedName(own)}`);
      if (type.kind === "enum" && place !== undefined && !places.has(address))
        places.set(address, place);
    }
}
