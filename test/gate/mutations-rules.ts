import {
  columnWhere,
  pkey,
  plain,
  q,
  sql,
  t,
  type Made,
  type Maker,
  type Subject,
} from "./mutation.ts";
import { phases } from "./rich-schema.ts";

const dropForeignKey = (subject: Subject, name: string) =>
  `ALTER TABLE ${t(subject)} DROP CONSTRAINT ${q(name)}`;

const phaseCheck = ({ table }: Subject) =>
  table.checks.find(({ name }) => name.endsWith("_phases"));

/** The check of a column that plays an enum, with another list. */
function listCheck(subject: Subject, values: readonly string[]): Made | undefined {
  const one = phaseCheck(subject);
  const list = values.map((value) => `'${value}'`).join(", ");
  return (
    one &&
    sql(
      `ALTER TABLE ${t(subject)} DROP CONSTRAINT ${q(one.name)}`,
      `ALTER TABLE ${t(subject)} ADD CONSTRAINT ${q(one.name)} CHECK (phase IN (${list})) NOT VALID`,
    )
  );
}

/** Changes of keys, constraints, indexes and domains. */
export const ruleMakers: Readonly<Record<string, Maker>> = {
  "add column of a domain with default": (subject) =>
    sql(`ALTER TABLE ${t(subject)} ADD COLUMN added cents`),
  "drop primary key": (subject) =>
    sql(`ALTER TABLE ${t(subject)} DROP CONSTRAINT ${q(pkey(subject))} CASCADE`),
  "primary key becomes a unique index": (subject) => {
    if (
      subject.schema.tables.some(({ parents }) =>
        parents.some((one) => one.table === subject.table.name),
      )
    )
      return undefined;
    const columns = subject.table.primaryKey.map(q).join(", ");
    return sql(
      `ALTER TABLE ${t(subject)} DROP CONSTRAINT ${q(pkey(subject))}`,
      `CREATE UNIQUE INDEX other_name ON ${t(subject)} (${columns})`,
    );
  },
  "drop unique": (subject) => {
    const { unique } = subject.table;
    if (unique.length === 0) return undefined;
    const one = subject.random.pick(unique);
    return sql(
      one.constraint
        ? `ALTER TABLE ${t(subject)} DROP CONSTRAINT ${q(one.name)}`
        : `DROP INDEX ${q(one.name)}`,
    );
  },
  "unique becomes deferrable": (subject) => {
    const one = subject.table.unique.find(({ constraint }) => constraint);
    return (
      one &&
      sql(
        `ALTER TABLE ${t(subject)} DROP CONSTRAINT ${q(one.name)}`,
        `ALTER TABLE ${t(subject)} ADD CONSTRAINT ${q(one.name)} UNIQUE (${one.columns.map(q).join(", ")}) DEFERRABLE`,
      )
    );
  },
  "unique becomes partial": (subject) => {
    const one = subject.table.unique.find(
      ({ where, expression }) => where === undefined && expression === undefined,
    );
    if (one === undefined) return undefined;
    const [column] = one.columns as [string];
    return sql(
      one.constraint
        ? `ALTER TABLE ${t(subject)} DROP CONSTRAINT ${q(one.name)}`
        : `DROP INDEX ${q(one.name)}`,
      `CREATE UNIQUE INDEX ${q(one.name)} ON ${t(subject)} (${q(column)}) WHERE ${q(column)} IS NOT NULL`,
    );
  },
  "partial unique becomes full": (subject) => {
    const one = subject.table.unique.find(({ where }) => where !== undefined);
    return (
      one && {
        ...sql(
          `DROP INDEX ${q(one.name)}`,
          `CREATE UNIQUE INDEX ${q(one.name)} ON ${t(subject)} (${one.columns.map(q).join(", ")})`,
        ),
        dataDependent: true as const,
      }
    );
  },
  "unique with another name and more in it": (subject) => {
    const one = subject.table.unique.find(
      ({ where, expression }) => where === undefined && expression === undefined,
    );
    if (one === undefined) return undefined;
    return sql(
      one.constraint
        ? `ALTER TABLE ${t(subject)} DROP CONSTRAINT ${q(one.name)}`
        : `DROP INDEX ${q(one.name)}`,
      `CREATE UNIQUE INDEX other_name ON ${t(subject)} (${one.columns.map(q).join(", ")}) INCLUDE (${q(subject.table.primaryKey[0]!)})`,
    );
  },
  "add unique": (subject) => {
    const column = columnWhere(
      subject,
      ({ type }) => type === "boolean" || type === "status" || type === "text",
    );
    return (
      column && {
        ...sql(`CREATE UNIQUE INDEX added_unique ON ${t(subject)} (${q(column.name)})`),
        ...(subject.table.unique.some(
          (one) =>
            one.columns[0] === column.name &&
            one.where === undefined &&
            one.expression === undefined,
        )
          ? {}
          : { dataDependent: true as const }),
      }
    );
  },
  "add wider unique beside the primary key": (subject) => {
    const column = columnWhere(
      subject,
      ({ type, name }) => type === "text" && !subject.table.primaryKey.includes(name),
    );
    const keys = column && [...subject.table.primaryKey, column.name].map(q).join(", ");
    return column && sql(`CREATE UNIQUE INDEX wider ON ${t(subject)} (${keys})`);
  },
  "add index": (subject) => {
    const column = columnWhere(subject, ({ type }) => !type.startsWith("json"));
    return column && sql(`CREATE INDEX added_index ON ${t(subject)} (${q(column.name)})`);
  },
  "drop index": (subject) => {
    const { indexes } = subject.table;
    return indexes.length === 0
      ? undefined
      : sql(`DROP INDEX ${q(subject.random.pick(indexes).name)}`);
  },
  "rename index": (subject) => {
    const { indexes } = subject.table;
    return indexes.length === 0
      ? undefined
      : sql(`ALTER INDEX ${q(subject.random.pick(indexes).name)} RENAME TO renamed`);
  },
  "foreign key action changes": (subject) => {
    const { parents } = subject.table;
    if (parents.length === 0) return undefined;
    const one = subject.random.pick(parents);
    const action = subject.random.pick(["CASCADE", "SET NULL", "NO ACTION", "RESTRICT"]);
    return sql(
      dropForeignKey(subject, one.name),
      `ALTER TABLE ${t(subject)} ADD CONSTRAINT ${q(one.name)} FOREIGN KEY (${q(one.column)}) REFERENCES ${q(one.table)} ON DELETE ${action}`,
    );
  },
  "drop foreign key": (subject) => {
    const { parents } = subject.table;
    return parents.length === 0
      ? undefined
      : sql(dropForeignKey(subject, subject.random.pick(parents).name));
  },
  "foreign key not valid": (subject) => {
    const [one] = subject.table.parents;
    return (
      one &&
      sql(
        dropForeignKey(subject, one.name),
        `ALTER TABLE ${t(subject)} ADD CONSTRAINT ${q(one.name)} FOREIGN KEY (${q(one.column)}) REFERENCES ${q(one.table)} ON DELETE ${one.onDelete} NOT VALID`,
      )
    );
  },
  "add foreign key": (subject) => {
    const column = columnWhere(
      subject,
      ({ type, name, nullable }) =>
        type === "bigint" && name !== "id" && !name.startsWith("parent") && nullable,
    );
    const parent = subject.schema.tables.find(
      ({ columns, name }) => columns[0]!.type === "bigint" && name !== subject.table.name,
    );
    return (
      column &&
      parent && {
        ...sql(
          `ALTER TABLE ${t(subject)} ADD CONSTRAINT added_fk FOREIGN KEY (${q(column.name)}) REFERENCES ${q(parent.name)} NOT VALID`,
        ),
        dataDependent: true as const,
      }
    );
  },
  "add check": (subject) => {
    const column = columnWhere(subject, ({ type }) => type === "text");
    return (
      column && {
        ...sql(
          `ALTER TABLE ${t(subject)} ADD CONSTRAINT added_check CHECK (length(${q(column.name)}) < ${subject.random.pick([3, 1000])}) NOT VALID`,
        ),
        dataDependent: true as const,
      }
    );
  },
  "check loses a value": (subject) => listCheck(subject, phases.slice(0, -1)),
  "check gains a value": (subject) => listCheck(subject, [...phases, "archived"]),
  "add check that takes every value": (subject) => {
    const one = phaseCheck(subject);
    return (
      one && sql(`ALTER TABLE ${t(subject)} ADD CONSTRAINT added_check CHECK (length(phase) < 10)`)
    );
  },
  "add check that refuses a value": (subject) => {
    const one = phaseCheck(subject);
    return (
      one &&
      sql(`ALTER TABLE ${t(subject)} ADD CONSTRAINT added_check CHECK (phase <> 'live') NOT VALID`)
    );
  },
  "change check": (subject) => {
    const one = subject.table.checks.find(({ name }) => name.endsWith("_check"));
    return (
      one && {
        ...sql(
          `ALTER TABLE ${t(subject)} DROP CONSTRAINT ${q(one.name)}`,
          `ALTER TABLE ${t(subject)} ADD CONSTRAINT ${q(one.name)} CHECK (${one.expression.replace("-1000000", "0")}) NOT VALID`,
        ),
        dataDependent: true as const,
      }
    );
  },
  "drop check": (subject) => {
    const [one] = subject.table.checks;
    return one && sql(`ALTER TABLE ${t(subject)} DROP CONSTRAINT ${q(one.name)}`);
  },
  "add exclusion": (subject) => {
    const column = columnWhere(subject, ({ type }) => type === "inet");
    return (
      column && {
        ...sql(
          `ALTER TABLE ${t(subject)} ADD CONSTRAINT added_exclusion EXCLUDE USING gist (${q(column.name)} inet_ops WITH &&)`,
        ),
        dataDependent: true as const,
      }
    );
  },
  "domain refuses more": () => ({
    ...sql("ALTER DOMAIN email ADD CONSTRAINT added CHECK (VALUE LIKE '%@%') NOT VALID"),
    dataDependent: true,
  }),
  "domain loses its default": ({ schema }) => ({
    sql: ["ALTER DOMAIN cents DROP DEFAULT"],
    tables: new Set(
      schema.tables
        .filter(({ columns }) => columns.some(({ type }) => type === "cents"))
        .slice(0, 6)
        .map(({ name }) => name),
    ),
  }),
  "domain takes null": () => sql("ALTER DOMAIN cents DROP NOT NULL"),
  "domain refuses null": ({ schema }) => ({
    sql: ["ALTER DOMAIN email SET NOT NULL"],
    tables: new Set(
      schema.tables
        .filter(({ columns }) => columns.some(({ type, nullable }) => type === "email" && nullable))
        .slice(0, 6)
        .map(({ name }) => name),
    ),
  }),
  "key default becomes a constant": (subject) => {
    const column = columnWhere(
      subject,
      ({ name, default: given, type }) => name === "id" && given !== undefined && type === "uuid",
    );
    return (
      column &&
      sql(
        `ALTER TABLE ${t(subject)} ALTER COLUMN id SET DEFAULT '00000000-0000-4000-8000-000000000001'`,
      )
    );
  },
  "rename constraint": (subject) =>
    sql(`ALTER TABLE ${t(subject)} RENAME CONSTRAINT ${q(pkey(subject))} TO renamed`),
  "nulls no longer distinct": (subject) => {
    const one = subject.table.unique.find(
      ({ where, expression, columns }) =>
        where === undefined &&
        expression === undefined &&
        subject.table.columns.find(({ name }) => name === columns[0])!.nullable,
    );
    if (one === undefined || subject.major < 15) return undefined;
    return {
      ...sql(
        one.constraint
          ? `ALTER TABLE ${t(subject)} DROP CONSTRAINT ${q(one.name)}`
          : `DROP INDEX ${q(one.name)}`,
        `CREATE UNIQUE INDEX ${q(one.name)} ON ${t(subject)} (${one.columns.map(q).join(", ")}) NULLS NOT DISTINCT`,
      ),
      dataDependent: true,
    };
  },
  "not null not valid": (subject) => {
    const column = columnWhere(subject, (one) => plain(one) && one.nullable);
    if (column === undefined || subject.major < 18) return undefined;
    return sql(
      `ALTER TABLE ${t(subject)} ADD CONSTRAINT added_not_null NOT NULL ${q(column.name)} NOT VALID`,
    );
  },
};
