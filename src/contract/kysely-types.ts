import { relative } from "node:path";
import { kyselyColumn, membersOf, type KyselyColumnType } from "./kysely-column.ts";
import { lineOf, nameOf, nodes, child, SourceModules, type Placed } from "./source-modules.ts";

/** A member of a table's interface. */
export interface KyselyColumn extends KyselyColumnType {
  /** As the code writes it. */
  readonly name: string;
  readonly from: string;
}

/** A member of the database's interface. */
export interface KyselyTable {
  /** Undefined when the code leaves the schema away. */
  readonly schema: string | undefined;
  readonly name: string;
  readonly from: string;
  /** Undefined when its type is not one whose members can be read, as of `Omit<…>`. */
  readonly columns: readonly KyselyColumn[] | undefined;
}

/** Names that the interface of a database usually has: kysely-codegen's and prisma-kysely's, and that of Kysely's guide. */
const usualNames = ["DB", "Database"];

/**
 * The tables of the interface that `new Kysely<…>()` takes, read from sources: kysely-codegen's, prisma-kysely's, kanel's or
 * written by hand. Nothing is run. Undefined when none of the files exports such an interface.
 *
 * @param files absolute
 */
export function readKyselyTypes(
  files: readonly string[],
  root: string,
): readonly KyselyTable[] | undefined {
  const modules = new SourceModules();
  const database = databaseIn(files, modules);
  if (database === undefined) return undefined;
  const place = ({ file, node }: Placed) =>
    `${relative(root, file).replaceAll("\\", "/")}:${lineOf(node)}`;
  return (membersOf(database, modules) ?? []).map((member): KyselyTable => {
    const { key, type } = member;
    const dot = key.lastIndexOf(".");
    const columns = type === undefined ? undefined : membersOf(type, modules);
    return {
      schema: dot === -1 ? undefined : key.slice(0, dot),
      name: key.slice(dot + 1),
      from: columns?.place === undefined ? place(member) : place(columns.place),
      columns: columns?.map((column) => ({
        ...kyselyColumn(column, modules),
        name: column.key,
        from: place(column),
      })),
    };
  });
}

/** By one of the usual names, else the only exported type all of whose members have members. */
function databaseIn(files: readonly string[], modules: SourceModules): Placed | undefined {
  for (const name of usualNames)
    for (const file of files) {
      const found = modules.exported(file, name, "types");
      if (found !== undefined) return found;
    }
  const others = files.flatMap((file) =>
    exportedTypes(file, modules).filter((one) => {
      const members = membersOf(one, modules) ?? [];
      return (
        members.length > 0 &&
        members.every(({ type }) => type !== undefined && membersOf(type, modules) !== undefined)
      );
    }),
  );
  return others.length === 1 ? others[0] : undefined;
}

function exportedTypes(file: string, modules: SourceModules): readonly Placed[] {
  const program = modules.program(file);
  return nodes(program?.["body"]).flatMap((statement) => {
    const declared = child(statement, "declaration");
    const name = declared && nameOf(child(declared, "id"));
    const found = name === undefined ? undefined : modules.named(file, name, "types");
    return statement.type.startsWith("Export") && found !== undefined ? [found] : [];
  });
}
