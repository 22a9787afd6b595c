/**
 * A map that shows another one and keeps its own changes to itself, so that it costs as much as is changed. It is right
 * as long as the one below stays as it is. Entries of its own come last when it is iterated.
 */
export class OverlayMap<Key, Value> extends Map<Key, Value> {
  readonly #below: ReadonlyMap<Key, Value>;
  /** Keys of the map below that were replaced or deleted. */
  readonly #hidden = new Set<Key>();

  constructor(below: ReadonlyMap<Key, Value>) {
    super();
    this.#below = below;
  }

  override get size(): number {
    return this.#below.size - this.#hidden.size + super.size;
  }

  override get(key: Key): Value | undefined {
    return super.has(key) || this.#hidden.has(key) ? super.get(key) : this.#below.get(key);
  }

  override has(key: Key): boolean {
    return super.has(key) || (!this.#hidden.has(key) && this.#below.has(key));
  }

  override set(key: Key, value: Value): this {
    if (this.#below.has(key)) this.#hidden.add(key);
    return super.set(key, value);
  }

  override delete(key: Key): boolean {
    const had = this.has(key);
    if (this.#below.has(key)) this.#hidden.add(key);
    super.delete(key);
    return had;
  }

  override clear(): void {
    for (const key of this.#below.keys()) this.#hidden.add(key);
    super.clear();
  }

  override *entries(): MapIterator<[Key, Value]> {
    for (const entry of this.#below) if (!this.#hidden.has(entry[0])) yield entry;
    yield* super.entries();
  }

  override [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.entries();
  }

  override *keys(): MapIterator<Key> {
    for (const [key] of this.entries()) yield key;
  }

  override *values(): MapIterator<Value> {
    for (const [, value] of this.entries()) yield value;
  }

  override forEach(callback: (value: Value, key: Key, map: Map<Key, Value>) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }
}
