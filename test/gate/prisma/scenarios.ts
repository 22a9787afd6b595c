import type { Scenario } from "../call-oracle.ts";
import type { Client, Field, Model, Prisma } from "./client.ts";
import { valueOf } from "./values.ts";

/** As `Scenario` of the oracle, for a client that is given. */
interface ClientScenario extends Omit<Scenario, "run"> {
  readonly run: (client: Client) => Promise<unknown>;
}

/** A row as the client takes it: values by field. */
export type Row = Readonly<Record<string, unknown>>;

export type Seeds = ReadonlyMap<string, Row>;

type Data = Record<string, unknown>;

export const delegateOf = (client: Client, { name }: Pick<Model, "name">) =>
  client[name.charAt(0).toLowerCase() + name.slice(1)]!;

export const scalars = ({ fields }: Model) =>
  fields.filter(({ kind }) => kind === "scalar" || kind === "enum");

export const relations = ({ fields }: Model) => fields.filter(({ kind }) => kind === "object");

/** The relation that a field is a foreign key of. */
const relationOf = (model: Model, field: Field) =>
  relations(model).find(({ relationFromFields = [] }) => relationFromFields.includes(field.name));

const madeUpLater = ({ default: given, type, isUpdatedAt }: Field) =>
  isUpdatedAt === true ||
  type === "Unsupported" ||
  ["autoincrement", "dbgenerated"].includes((given as { name?: string } | undefined)?.name ?? "");

/** Arguments that find one row by its primary key. */
export function byKey(model: Model, row: Row): object {
  const fields =
    model.primaryKey?.fields ?? model.fields.filter(({ isId }) => isId).map(({ name }) => name);
  return byFields(fields.length === 0 ? model.uniqueFields[0]! : fields, row);
}

function byFields(fields: readonly string[], row: Row): object {
  const values = Object.fromEntries(fields.map((name) => [name, row[name]]));
  return fields.length === 1 ? values : { [fields.join("_")]: values };
}

/**
 * Data for a new row.
 * @param parents rows that foreign keys point to, by model
 */
export function dataFor(
  prisma: Prisma,
  model: Model,
  parents: Seeds,
  variant: number,
  style: "all" | "required" | "nulls",
): Data {
  const data: Data = {};
  for (const field of scalars(model)) {
    const relation = relationOf(model, field);
    const parent = relation && parents.get(relation.type);
    if (relation !== undefined) {
      const at = relation.relationFromFields!.indexOf(field.name);
      if (parent !== undefined && (style === "all" || field.isRequired)) {
        data[field.name] = parent[relation.relationToFields![at]!];
        continue;
      }
      if (!field.isRequired) {
        if (style !== "required") data[field.name] = null;
        continue;
      }
    }
    const optional = !field.isRequired || field.isList || field.hasDefaultValue;
    if (style === "required" && (optional || field.isUpdatedAt === true)) continue;
    if (style === "nulls" && !field.isRequired && !field.isList) {
      if (field.type !== "Json") data[field.name] = null;
      continue;
    }
    data[field.name] = valueOf(prisma, field, variant);
  }
  return data;
}

const nothing: ReadonlySet<string> = new Set();

/** What an application does with a model: every operation of the client, and each field in a query. */
export function scenariosOf(
  prisma: Prisma,
  model: Model,
  seeds: Seeds,
  spares: Seeds,
): readonly ClientScenario[] {
  const { models } = prisma.dmmf.datamodel;
  const operations = prisma.dmmf.mappings.modelOperations.find(
    (one) => one["model"] === model.name,
  )!;
  const creates = operations["createOne"] !== undefined;
  const fields = scalars(model);
  const every = new Set(fields.map(({ name }) => name));
  const madeUp = new Set(fields.filter(madeUpLater).map(({ name }) => name));
  const seed = seeds.get(model.name);
  const scenarios: ClientScenario[] = [];
  const add = (name: string, run: ClientScenario["run"], volatile: ReadonlySet<string> = nothing) =>
    scenarios.push({ name: `${model.name} ${name}`, run, volatile });
  const on = (client: Client) => delegateOf(client, model);
  add("findMany", (client) => on(client)["findFirst"]!({}), every);
  for (const field of fields) {
    const where = predicateOf(prisma, field);
    if (where !== undefined)
      add(`where ${field.name}`, (client) => on(client)["findFirst"]!({ where }), every);
    if (field.type !== "Json" && !field.isList)
      add(
        `order by ${field.name}`,
        (client) =>
          on(client)["findMany"]!({
            orderBy: { [field.name]: "asc" },
            select: { [field.name]: true },
            take: 1,
          }),
        every,
      );
  }
  for (const relation of relations(model))
    add(
      `include ${relation.name}`,
      (client) => on(client)["findMany"]!({ include: { [relation.name]: true }, take: 3 }),
      every,
    );
  const unread = prisma.unsupported.get(model.name) ?? [];
  if (unread.length > 0) {
    const list = unread.map((name) => `"${name}"::text`).join(", ");
    const table = `"${model.schema ?? "public"}"."${model.dbName ?? model.name}"`;
    add("raw", (client) => client.$queryRawUnsafe(`SELECT ${list} FROM ${table}`), every);
  }
  if (seed === undefined) return scenarios;
  const key = byKey(model, seed);
  const writable = fields.filter(
    (field) =>
      !field.isId &&
      model.primaryKey?.fields.includes(field.name) !== true &&
      relationOf(model, field) === undefined,
  );
  const change = (variant: number) =>
    Object.fromEntries(writable.map((field) => [field.name, valueOf(prisma, field, variant)]));
  add("update", (client) => on(client)["update"]!({ where: key, data: change(6) }), keysOf(model));
  const counted = writable.filter(
    ({ type, isList, isUnique, nativeType }) =>
      numbers.has(type) && !isList && !isUnique && nativeType?.[0] !== "Oid",
  );
  if (counted.length > 0) {
    const data = Object.fromEntries(counted.map(({ name }) => [name, { decrement: 1 }]));
    add("count down", (client) => on(client)["updateMany"]!({ where: {}, data }));
  }
  for (const field of writable.filter(({ isList }) => isList)) {
    const data = { [field.name]: { push: valueOf(prisma, { ...field, isList: false }, 3) } };
    add(`push to ${field.name}`, (client) => on(client)["updateMany"]!({ where: {}, data }));
  }
  const nullable = writable.filter(
    ({ isRequired, isList, type }) => !isRequired && !isList && type !== "Json",
  );
  if (nullable.length > 0) {
    const data = Object.fromEntries(nullable.map(({ name }) => [name, null]));
    add("update to null", (client) => on(client)["updateMany"]!({ where: {}, data }));
  }
  for (const field of writable.filter(({ type, isList }) => type === "Decimal" && !isList))
    if (field.nativeType?.[0] !== "Money")
      add(`count ${field.name} in tenths`, async (client) => {
        await on(client)["update"]!({ where: key, data: { [field.name]: 0.2 } });
        const row = (await on(client)["update"]!({
          where: key,
          data: { [field.name]: { increment: 0.1 } },
        })) as Row;
        return { sum: row[field.name] };
      });
  for (const field of fields.filter(({ type, isList }) => type === "DateTime" && !isList))
    add(`same ${field.name}`, async (client) => ({
      found: await on(client)["count"]!({ where: { [field.name]: seed[field.name] } }),
    }));
  for (const field of writable.filter(({ type, isList }) => numbers.has(type) && !isList))
    if (field.nativeType?.[0] !== "Oid")
      add(`compare ${field.name}`, async (client) => {
        await on(client)["update"]!({ where: key, data: { [field.name]: 9 } });
        const where = { AND: [whereKey(model, seed), { [field.name]: { gt: 10 } }] };
        return { found: await on(client)["count"]!({ where }) };
      });
  if (!creates) return scenarios;
  for (const field of writable.filter(
    ({ kind, isList, isUnique }) => kind === "enum" && !isList && !isUnique,
  ))
    add(`sort ${field.name}`, async (client) => {
      const labels = prisma.dmmf.datamodel.enums.find((one) => one.name === field.type)!.values;
      for (const [at, { name }] of labels.entries())
        await on(client)["create"]!({
          data: { ...dataFor(prisma, model, spares, 44 + at, "all"), [field.name]: name },
        });
      const rows = (await on(client)["findMany"]!({ orderBy: { [field.name]: "asc" } })) as Row[];
      return { order: rows.map((row) => row[field.name]).join() };
    });
  for (const style of ["all", "required", "nulls"] as const)
    add(
      `create ${style}`,
      (client) =>
        on(client)["create"]!({ data: dataFor(prisma, model, spares, styles[style], style) }),
      style === "all" ? nothing : given(model, style),
    );
  add("createMany", (client) =>
    on(client)["createMany"]!({ data: [dataFor(prisma, model, spares, 20, "required")] }),
  );
  for (const field of fields.filter(({ kind, isList }) => kind === "enum" && !isList))
    for (const { name } of prisma.dmmf.datamodel.enums.find((one) => one.name === field.type)!
      .values)
      add(`${field.name} = ${name}`, (client) =>
        on(client)["create"]!({
          data: { ...dataFor(prisma, model, spares, 24, "all"), [field.name]: name },
        }),
      );
  for (const unique of uniquesOf(model))
    add(`refuse a second ${unique.join()}`, async (client) => {
      const first = dataFor(prisma, model, spares, 40, "all");
      const second = dataFor(prisma, model, spares, 41, "all");
      for (const name of unique) second[name] = first[name];
      await on(client)["create"]!({ data: first });
      const { count } = (await on(client)["createMany"]!({
        data: [second],
        skipDuplicates: true,
      })) as { count: number };
      return { written: count };
    });
  for (const unique of uniquesOf(model))
    add(
      `upsert ${unique.join()}`,
      async (client) => {
        const data = dataFor(prisma, model, spares, 28, "all");
        const args = {
          where: byFields(unique, data),
          create: data,
          update: updateOf(model, data, unique),
        };
        await on(client)["upsert"]!(args);
        return on(client)["upsert"]!(args);
      },
      madeUp,
    );
  for (const child of models)
    for (const relation of relations(child))
      if (relation.type === model.name && relation.relationFromFields!.length > 0)
        add(`delete with ${child.name}.${relation.name}`, async (client) => {
          const parent = (await on(client)["create"]!({
            data: dataFor(prisma, model, spares, 32, "all"),
          })) as Row;
          const parents = new Map([...spares, [model.name, parent]]);
          const data = { ...dataFor(prisma, child, spares, 33, "all") };
          for (const [at, name] of relation.relationFromFields!.entries())
            data[name] = parents.get(model.name)![relation.relationToFields![at]!];
          await delegateOf(client, child)["create"]!({ data });
          await on(client)["delete"]!({ where: byKey(model, parent) });
          return { deleted: true };
        });
  add("delete", async (client) => {
    const made = (await on(client)["create"]!({
      data: dataFor(prisma, model, spares, 36, "all"),
    })) as Row;
    return on(client)["deleteMany"]!({ where: { AND: [whereKey(model, made)] } });
  });
  for (const relation of relations(model)) {
    const other = seeds.get(relation.type);
    const target = models.find(({ name }) => name === relation.type)!;
    if (!isImplicit(model, relation, target) || other === undefined) continue;
    add(`delete with ${relation.name}`, async (client) => {
      const made = (await on(client)["create"]!({
        data: dataFor(prisma, model, spares, 50, "all"),
      })) as Row;
      const connect = { [relation.name]: { connect: byKey(target, other) } };
      await on(client)["update"]!({ where: byKey(model, made), data: connect });
      return on(client)["deleteMany"]!({ where: whereKey(model, made) });
    });
    add(`connect ${relation.name}`, async (client) => {
      const connect = { [relation.name]: { connect: byKey(target, other) } };
      await on(client)["update"]!({ where: key, data: connect });
      const disconnect = { [relation.name]: { disconnect: byKey(target, other) } };
      await on(client)["update"]!({ where: key, data: disconnect });
      await on(client)["update"]!({ where: key, data: connect });
      const found = (await on(client)["findFirst"]!({
        where: whereKey(model, seed),
        include: { [relation.name]: true },
      })) as Row;
      return { found: (found[relation.name] as unknown[]).length };
    });
  }
  return scenarios;
}

const numbers = new Set(["Int", "BigInt", "Float", "Decimal"]);

const styles = { all: 8, required: 12, nulls: 16 } as const;

function whereKey(model: Model, row: Row): object {
  const names =
    model.primaryKey?.fields ?? model.fields.filter(({ isId }) => isId).map(({ name }) => name);
  return Object.fromEntries(names.map((name) => [name, row[name]]));
}

function keysOf(model: Model): ReadonlySet<string> {
  return new Set([
    ...(model.primaryKey?.fields ?? []),
    ...scalars(model)
      .filter((field) => field.isId || relationOf(model, field) !== undefined)
      .map(({ name }) => name),
  ]);
}

/** Fields that a shortened INSERT leaves to the database, or to the client's clock and dice. */
function given(model: Model, style: "required" | "nulls"): ReadonlySet<string> {
  return new Set(
    scalars(model)
      .filter(
        (field) =>
          (style === "required" &&
            (field.hasDefaultValue ||
              field.isUpdatedAt === true ||
              !field.isRequired ||
              field.isList)) ||
          (style === "nulls" && field.type === "Json"),
      )
      .map(({ name }) => name),
  );
}

function uniquesOf(model: Model): readonly (readonly string[])[] {
  const single = model.fields
    .filter(({ isId, isUnique }) => isId || isUnique)
    .map(({ name }) => [name]);
  const whole = model.primaryKey === null ? [] : [model.primaryKey.fields];
  return [...single, ...whole, ...model.uniqueFields];
}

function updateOf(model: Model, data: Row, unique: readonly string[]): Data {
  const field = scalars(model).find(
    (one) =>
      !unique.includes(one.name) &&
      !one.isId &&
      data[one.name] !== undefined &&
      relationOf(model, one) === undefined &&
      model.primaryKey?.fields.includes(one.name) !== true,
  );
  return field === undefined ? {} : { [field.name]: data[field.name] };
}

function isImplicit(model: Model, relation: Field, target: Model): boolean {
  if (!relation.isList) return false;
  return relations(target).some(
    (one) =>
      one.relationName === relation.relationName &&
      one.isList &&
      one.type === model.name &&
      one !== relation,
  );
}

/** How queries use a field. */
function predicateOf(prisma: Prisma, field: Field): object | undefined {
  const value = valueOf(prisma, field, 1);
  const { name, type, isList, kind, nativeType } = field;
  if (isList) return { [name]: { isEmpty: true } };
  if (kind === "enum") return { [name]: { not: value } };
  if (type === "Json")
    return nativeType?.[0] === "Json" ? undefined : { [name]: { path: ["b"], equals: 1 } };
  if (type === "Boolean" || type === "Bytes") return { [name]: value };
  const native = nativeType?.[0];
  if (type === "String" && !["Uuid", "Inet", "Xml", "Bit", "VarBit"].includes(native ?? ""))
    return { [name]: { contains: "x", mode: "insensitive" } };
  if (native === "Xml") return undefined;
  if (type === "String") return { [name]: value };
  return { [name]: { gt: value } };
}
