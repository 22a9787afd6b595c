import type { Statement } from "../../sql/index.ts";
import type { Sessions } from "./observation.ts";
import { CatalogBrake, type Brake } from "./brake.ts";
import { TableBrake } from "./table-brake.ts";

/** The brakes for the statements of one session. */
export class Brakes implements AsyncDisposable {
  readonly #url: string;
  readonly #class: CatalogBrake;
  readonly #inherits: CatalogBrake;

  constructor(url: string) {
    this.#url = url;
    this.#class = new CatalogBrake(url, "pg_class");
    this.#inherits = new CatalogBrake(url, "pg_inherits");
  }

  /**
   * Those before which a statement stops in each of its phases. Every phase of CONCURRENTLY, VACUUM and REINDEX writes to
   * pg_class; the first of DETACH PARTITION … CONCURRENTLY may write to pg_inherits only (tablecmds.c,
   * MarkInheritDetached), and REINDEX may write nothing of a table.
   */
  async for(statement: Statement, sessions: Sessions): Promise<readonly Brake[]> {
    const { node } = statement;
    const commands = "AlterTableStmt" in node ? (node.AlterTableStmt.cmds ?? []) : [];
    const detaches = commands.some(
      (each) => "AlterTableCmd" in each && each.AlterTableCmd.subtype === "AT_DetachPartition",
    );
    if (detaches) return [this.#class, this.#inherits];
    const tables = await TableBrake.for(this.#url, statement, sessions);
    return tables === undefined ? [this.#class] : [this.#class, tables];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#class[Symbol.asyncDispose]();
    await this.#inherits[Symbol.asyncDispose]();
  }
}
