import type { Repository } from "./repository.ts";

/** What ORM settings say about the database that a tool reaches. */
export interface SchemaSettings {
  /** `postgresql` and the like, from each `schema.prisma` and drizzle config. */
  readonly providers: ReadonlySet<string>;
  /** The variable that Prisma migrates through, when `directUrl` names one. */
  readonly directUrl: string | undefined;
}

const withoutComments = (source: string): string => source.replace(/^\s*\/\/.*$/gm, "");

export function schemaSettings(repository: Repository): SchemaSettings {
  const providers = new Set<string>();
  let directUrl: string | undefined;
  for (const path of repository.paths) {
    const prisma = path.endsWith(".prisma");
    if (!prisma && !/(?:^|\/)(?:drizzle|prisma)[\w.-]*config\.[cm]?[jt]s$/.test(path)) continue;
    const source = withoutComments(repository.read(path)?.text ?? "");
    const datasource = prisma
      ? (/\bdatasource\s+\w+\s*\{([^}]*)\}/.exec(source)?.[1] ?? "")
      : source;
    const provider = /\bprovider\s*=\s*"(\w+)"|\bdialect:\s*["'](\w+)["']/.exec(datasource);
    if (provider !== null) providers.add(provider[1] ?? provider[2]!);
    const direct =
      /\bdirectUrl\s*=\s*env\("(\w+)"\)|\bdirectUrl:\s*(?:env\(["']|process\.env\.)(\w+)/.exec(
        datasource,
      );
    directUrl ??= direct?.[1] ?? direct?.[2];
  }
  return { providers, directUrl };
}

/** True when every setting that was found names another database than Postgres. */
export const isOtherDatabase = ({ providers }: SchemaSettings): boolean =>
  providers.size > 0 &&
  [...providers].every((provider) => !/^(?:postgres(?:ql)?|cockroachdb|gel)$/.test(provider));
