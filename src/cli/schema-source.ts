import type { ContractSource } from "../contract/index.ts";
import type { LoadedConfig } from "../config/index.ts";
import { filesNamed } from "./paths.ts";

/**
 * The schema files of the code that the config names, as a contract's source; undefined when it names none.
 * @throws LockstepError `config-invalid` when a name finds no file
 */
export async function schemaSource({
  config,
  folder,
}: LoadedConfig): Promise<Extract<ContractSource, { kind: "drizzle" | "prisma" }> | undefined> {
  const { drizzle, casing, prisma, defaultSchema } = config.contract ?? {};
  if (drizzle !== undefined) {
    const files = await filesNamed(drizzle, folder, "contract.drizzle");
    return { kind: "drizzle", files, casing };
  }
  if (prisma === undefined) return undefined;
  return { kind: "prisma", schema: prisma === true ? undefined : prisma, defaultSchema };
}
