import type { SettingChange } from "./settings.ts";

/** A setting's value and what gave it; the value is undefined when the text of a statement does not show it. */
export interface SettingValue<Origin> {
  readonly value: string | undefined;
  readonly origin: Origin;
  /** SET LOCAL … TO DEFAULT: RESET ALL passes over what is at its default (ResetAllOptions, guc.c). */
  readonly isDefault?: true;
}

type Values<Origin> = ReadonlyMap<string, SettingValue<Origin>>;

interface Saved<Origin> {
  readonly session: Values<Origin>;
  readonly local: Values<Origin>;
}

/**
 * The settings of a session as transactions, savepoints, SET and SET LOCAL leave them (guc.c, AtEOXact_GUC):
 * SET is undone by ROLLBACK, SET LOCAL by any end of the transaction.
 */
export class SettingStack<Origin> {
  readonly #defaults: Values<Origin>;
  #session: Values<Origin> = new Map();
  #local: Values<Origin> = new Map();
  #begin: Saved<Origin> | undefined;
  /** Until one of them is changed. */
  #values: ReadonlyMap<string, string> | undefined;

  constructor(defaults: Values<Origin>) {
    this.#defaults = defaults;
  }

  get(name: string): SettingValue<Origin> | undefined {
    return this.#local.get(name) ?? this.#session.get(name) ?? this.#defaults.get(name);
  }

  /** Everything that is not at the server's own default, as far as its value is known. */
  values(): ReadonlyMap<string, string> {
    this.#values ??= known(this.#defaults, this.#session, this.#local);
    return this.#values;
  }

  /** @param inTransaction outside one a local change has no effect */
  apply(change: SettingChange, origin: Origin, inTransaction: boolean): void {
    this.#values = undefined;
    if (change.kind === "reset-all") {
      // So a value of the session that is hidden by its default comes back at the transaction's end.
      const hidden = [...this.#local].filter(([, { isDefault }]) => isDefault);
      this.#session = new Map(
        [...this.#session].filter(([key]) => hidden.some(([one]) => one === key)),
      );
      this.#local = new Map(hidden);
      return;
    }
    if (change.local && !inTransaction) return;
    const { name } = change;
    const value =
      change.kind === "set" ? { value: change.value, origin } : this.#defaults.get(name);
    if (change.local) {
      // SET LOCAL … TO DEFAULT hides the session's value until the transaction ends.
      const local = value ?? { value: "default", origin };
      const isDefault = change.kind === "reset" ? ({ isDefault: true } as const) : {};
      this.#local = new Map(this.#local).set(name, { ...local, ...isDefault });
      return;
    }
    this.#session = withValue(this.#session, name, change.kind === "set" ? value : undefined);
    this.#local = withValue(this.#local, name, undefined);
  }

  begin(): void {
    this.#begin = this.save();
  }

  commit(): void {
    this.#values = undefined;
    this.#local = new Map();
    this.#begin = undefined;
  }

  rollback(): void {
    if (this.#begin !== undefined) this.restore(this.#begin);
    this.commit();
  }

  /** For a savepoint. */
  save(): Saved<Origin> {
    return { session: this.#session, local: this.#local };
  }

  restore({ session, local }: Saved<Origin>): void {
    this.#values = undefined;
    this.#session = session;
    this.#local = local;
  }
}

export type SavedSettings<Origin> = ReturnType<SettingStack<Origin>["save"]>;

function withValue<Origin>(
  values: Values<Origin>,
  name: string,
  value: SettingValue<Origin> | undefined,
): Values<Origin> {
  const changed = new Map(values);
  if (value === undefined) changed.delete(name);
  else changed.set(name, value);
  return changed;
}

/** Later ones hide earlier ones, also where their value is not known. */
function known<Origin>(...layers: readonly Values<Origin>[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const layer of layers)
    for (const [name, { value }] of layer)
      if (value === undefined) found.delete(name);
      else found.set(name, value);
  return found;
}
