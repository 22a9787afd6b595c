import type { Scenario } from "../call-oracle.ts";
import { keyOf, type MappedField, type MappedModel, type Mapper, type Row } from "./mapper.ts";
import { isOrdered, usualCondition, valueOf } from "./values.ts";

/** Rows that are there, by models and by the names of tables. */
export type Rows = ReadonlyMap<string, Row>;

type Style = "all" | "required" | "nulls";

const nothing: ReadonlySet<string> = new Set();

/**
 * Data for a new row.
 * @param parents rows that foreign keys point to, by table
 */
export function dataFor(model: MappedModel, parents: Rows, variant: number, style: Style): Row {
  const data: Record<string, unknown> = {};
  for (const field of model.fields) {
    const { name, parent, nullable, defaulted, made, inserted } = field;
    if (made || !inserted) continue;
    const row = parent && parents.get(parent.table);
    if (style !== "all" && nullable) {
      if (style === "nulls") data[name] = null;
    } else if (row !== undefined) data[name] = row[parent!.field];
    else if (parent !== undefined && nullable) data[name] = null;
    else if (style !== "required" || !defaulted) data[name] = valueOf(field, variant);
  }
  return data;
}

/** What an application does with a model: every operation of the ORM, and each field in a query. */
export function scenariosOf(
  mapper: Mapper,
  model: MappedModel,
  seeds: Rows,
  spares: Rows,
): readonly Scenario[] {
  const { name, fields, uniques } = model;
  const every = new Set(fields.map((field) => field.name));
  const scenarios: Scenario[] = [];
  const add = (what: string, run: Scenario["run"], volatile: ReadonlySet<string> = nothing) =>
    scenarios.push({ name: `${name} ${what}`, run, volatile });
  add("find", () => mapper.find(name, {}), every);
  for (const field of fields) {
    const is = field.queried ? usualCondition(field) : undefined;
    const where = [{ field: field.name, is: is ?? "equal", value: valueOf(field, 1) } as const];
    if (is !== undefined) add(`where ${field.name}`, () => mapper.find(name, { where }), every);
    add(`select ${field.name}`, () => mapper.find(name, { select: field.name }), every);
    if (isOrdered(field) && field.queried)
      add(`order by ${field.name}`, () => mapper.find(name, { order: field.name }), every);
  }
  for (const load of model.relations) add(`load ${load}`, () => mapper.find(name, { load }), every);
  const seed = seeds.get(name);
  if (model.isView || seed === undefined) return scenarios;
  const read = async (row: Row) => {
    const where = Object.entries(keyOf(model, row)).map(
      ([field, value]) => ({ field, is: "equal", value }) as const,
    );
    return (await mapper.find(name, { where }))[0];
  };
  add("read what is there", () => read(seed));
  const made = (style: Style) =>
    new Set(
      fields
        .filter(
          (field) =>
            field.made ||
            !field.inserted ||
            (style !== "all" && (field.defaulted || field.nullable)),
        )
        .map((field) => field.name),
    );
  const create = async (variant: number, style: Style = "all", more: Row = {}) =>
    mapper.insert(name, { ...dataFor(model, spares, variant, style), ...more });
  for (const [at, style] of (["all", "required", "nulls"] as const).entries())
    add(`insert ${style}`, async () => read(await create(8 + 4 * at, style)), made(style));
  for (const { name: own } of fields.filter(
    ({ key, made, type }) => key && made && type !== "uuid",
  ))
    add(`insert ${own} of its own`, () => create(70, "all", { [own]: 500_070 }), every);
  const writable = fields.filter(
    (field) => !field.key && !field.made && field.updated && field.parent === undefined,
  );
  const change = (values: readonly MappedField[], of: (field: MappedField) => unknown) =>
    Object.fromEntries(values.map((field) => [field.name, of(field)]));
  const untouched = new Set(
    [...every].filter((one) => writable.every((field) => field.name !== one)),
  );
  if (writable.length > 0)
    add(
      "update",
      async () => {
        await mapper.update(
          name,
          keyOf(model, seed),
          change(writable, (field) => valueOf(field, 6)),
        );
        return read(seed);
      },
      untouched,
    );
  const emptied = writable.filter(({ nullable }) => nullable);
  if (emptied.length > 0)
    add(
      "update to null",
      () =>
        mapper.update(
          name,
          keyOf(model, seed),
          change(emptied, () => null),
        ),
      every,
    );
  for (const field of writable.filter(
    ({ labels, type }) => labels.length > 0 && !type.endsWith("[]"),
  )) {
    for (const label of field.labels)
      add(
        `${field.name} = ${label}`,
        async () => create(24, "all", { [field.name]: label }),
        every,
      );
    add(`sort ${field.name}`, async () => {
      for (const [at, label] of field.labels.entries())
        await create(44 + at, "all", { [field.name]: label });
      const rows = await mapper.find(name, { order: field.name });
      return { order: rows.map((row) => row[field.name]).join() };
    });
  }
  for (const field of writable.filter(
    ({ type }) => type.startsWith("timestamp") && !type.endsWith("[]"),
  ))
    add(`same ${field.name}`, async () => {
      const row = await read(await create(26));
      const where = [{ field: field.name, is: "equal", value: row![field.name] } as const];
      return { found: (await mapper.find(name, { where })).length };
    });
  const alone = new Set(uniques.flat());
  for (const field of writable.filter(
    ({ type, name: own }) => /^(?:smallint|integer|bigint)$/.test(type) && !alone.has(own),
  ))
    add(`sort ${field.name} by number`, async () => {
      for (const [at, value] of [9, 10].entries())
        await create(64 + at, "all", {
          [field.name]: field.type === "bigint" ? String(value) : value,
        });
      const rows = await mapper.find(name, { order: field.name });
      return { order: rows.map((row) => Number(row[field.name])).join() };
    });
  for (const field of writable.filter(({ type }) => /^numeric(?:\(.*\))?$/.test(type)))
    add(`count ${field.name} in tenths`, async () => {
      const key = keyOf(model, seed);
      await mapper.update(name, key, { [field.name]: "0.2" });
      await mapper.increment(name, key, field.name, 0.1);
      return { sum: Number((await read(seed))![field.name]) };
    });
  for (const unique of uniques) {
    if (unique.some((one) => fields.some((field) => field.name === one && field.made))) continue;
    add(`refuse a second ${unique.join()}`, async () => {
      const first = dataFor(model, spares, 40, "all");
      const second: Record<string, unknown> = { ...dataFor(model, spares, 41, "all") };
      for (const one of unique) second[one] = first[one];
      await mapper.insert(name, first);
      return { written: await mapper.insertNew(name, second) };
    });
    add(`upsert ${unique.join()}`, async () => {
      const data = dataFor(model, spares, 28, "all");
      await mapper.upsert(name, data, unique);
      await mapper.upsert(name, data, unique);
      return { done: true };
    });
  }
  for (const child of mapper.models)
    for (const key of keysTo(model, child))
      add(`delete with ${child.name} by ${key.map((field) => field.name).join()}`, async () => {
        const parent = await create(32);
        const own = key.map((field) => [field.name, parent[field.parent!.field]]);
        await mapper.insert(child.name, {
          ...dataFor(child, spares, 33, "all"),
          ...(Object.fromEntries(own) as Row),
        });
        await mapper.remove(name, keyOf(model, parent));
        return { deleted: true };
      });
  for (const { name: own, parent } of fields.filter((field) => field.parent?.isDeferred === true))
    add(`write before its ${parent!.table}`, async () => {
      await mapper.insert(name, { ...dataFor(model, spares, 80, "all"), [own]: 500_080 });
      return { written: true };
    });
  add("delete", async () => {
    await mapper.remove(name, keyOf(model, await create(36)));
    return { deleted: true };
  });
  for (const { name: call, run } of model.calls) {
    let variant = 60;
    add(call, () => run(() => dataFor(model, spares, variant++, "all")), every);
  }
  for (const { relation, target } of model.links) {
    const there = mapper.models.find((one) => one.name === target)!;
    const other = seeds.get(there.table);
    add(`delete with ${relation}`, async () => {
      const row = await create(52);
      const linked = await mapper.insert(target, dataFor(there, spares, 53, "all"));
      await mapper.link(name, relation, keyOf(model, row), keyOf(there, linked));
      await mapper.remove(target, keyOf(there, linked));
      return { deleted: true };
    });
    if (other !== undefined)
      add(`link ${relation}`, async () => {
        const row = await create(50);
        await mapper.link(name, relation, keyOf(model, row), keyOf(there, other));
        await mapper.unlink(name, relation, keyOf(model, row), keyOf(there, other));
        await mapper.link(name, relation, keyOf(model, row), keyOf(there, other));
        const found = await mapper.find(name, { load: relation });
        await mapper.remove(name, keyOf(model, row));
        return { found: found.length > 0 };
      });
  }
  return scenarios;
}

/** The foreign keys by which rows of a model hang on another's, each by its fields. */
function keysTo(parent: MappedModel, child: MappedModel): readonly (readonly MappedField[])[] {
  const keys = new Map<string, MappedField[]>();
  for (const field of child === parent ? [] : child.fields)
    if (field.parent?.table === parent.table)
      keys.set(field.parent.key, [...(keys.get(field.parent.key) ?? []), field]);
  return [...keys.values()];
}
