/**
 * A set that shows another one and keeps its own changes to itself, so that it costs as much as is changed. It is right as
 * long as the one below stays as it is.
 */
export class OverlaySet<Value> {
  readonly #below: Iterable<Value> & Pick<ReadonlySet<Value>, "has">;
  readonly #added = new Set<Value>();
  readonly #deleted = new Set<Value>();

  constructor(below: Iterable<Value> & Pick<ReadonlySet<Value>, "has">) {
    this.#below = below;
  }

  has(value: Value): boolean {
    return this.#added.has(value) || (!this.#deleted.has(value) && this.#below.has(value));
  }

  add(value: Value): void {
    if (!this.#deleted.delete(value) && !this.#below.has(value)) this.#added.add(value);
  }

  delete(value: Value): void {
    if (!this.#added.delete(value) && this.#below.has(value)) this.#deleted.add(value);
  }

  forEach(visit: (value: Value) => void): void {
    for (const value of this) visit(value);
  }

  *[Symbol.iterator](): Generator<Value> {
    for (const value of this.#below) if (!this.#deleted.has(value)) yield value;
    yield* this.#added;
  }
}
