/** A row by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

export interface MappedField {
  /** Name of the column. */
  readonly name: string;
  /** As `format_type` prints it. */
  readonly type: string;
  /** How the code writes it, where that is not what the type says. */
  readonly form: "plain" | "json" | "list" | "point" | "range";
  readonly labels: readonly string[];
  readonly nullable: boolean;
  readonly key: boolean;
  /** An INSERT may leave it away. */
  readonly defaulted: boolean;
  /** The database makes every value. */
  readonly made: boolean;
  readonly inserted: boolean;
  /** Conditions and orders can name it. */
  readonly queried: boolean;
  readonly updated: boolean;
  /** What it refers to; a table is named as `MappedModel.table`. */
  readonly parent:
    | {
        readonly table: string;
        readonly field: string;
        /** Name of the foreign key. */
        readonly key: string;
        /** It may be written later in the transaction. */
        readonly isDeferred: boolean;
      }
    | undefined;
}

/** A relation through a table of its own. */
export interface MappedLink {
  readonly relation: string;
  readonly target: string;
  /** `schema.table` between the two. */
  readonly table: string;
}

export interface OwnCall {
  readonly name: string;
  readonly table: string;
  /** @param row data for a new row */
  readonly run: (row: () => Row) => Promise<unknown>;
}

export interface MappedModel {
  readonly name: string;
  /** `schema.table` */
  readonly table: string;
  readonly isView: boolean;
  readonly fields: readonly MappedField[];
  /** Columns that are unique together, the primary key included. */
  readonly uniques: readonly (readonly string[])[];
  /** Relations that can be loaded along. */
  readonly relations: readonly string[];
  readonly links: readonly MappedLink[];
  /** Calls that only this ORM has, with the other table that they touch. */
  readonly calls: readonly OwnCall[];
}

export interface Condition {
  readonly field: string;
  readonly is: "equal" | "above" | "containing";
  readonly value: unknown;
}

/** An application's calls of an ORM. */
export interface Mapper {
  readonly models: readonly MappedModel[];
  find(
    model: string,
    how: {
      readonly where?: readonly Condition[];
      readonly select?: string;
      readonly order?: string;
      readonly load?: string;
    },
  ): Promise<readonly Row[]>;
  insert(model: string, row: Row): Promise<Row>;
  /** How many rows were written: none where a unique key is taken. */
  insertNew(model: string, row: Row): Promise<number>;
  update(model: string, key: Row, row: Row): Promise<unknown>;
  upsert(model: string, row: Row, unique: readonly string[]): Promise<unknown>;
  /** Adds to what stands in a column. */
  increment(model: string, key: Row, field: string, by: number): Promise<unknown>;
  remove(model: string, key: Row): Promise<unknown>;
  link(model: string, relation: string, key: Row, other: Row): Promise<unknown>;
  unlink(model: string, relation: string, key: Row, other: Row): Promise<unknown>;
  close(): Promise<void>;
}

export function keyOf({ fields }: MappedModel, row: Row): Row {
  return Object.fromEntries(fields.filter(({ key }) => key).map(({ name }) => [name, row[name]]));
}
