/**
 * Remembers what each text decodes to. Catalog rows repeat a few packed texts thousands of times; the values
 * are shared, so they must not be changed.
 */
export function memoize<Value>(decode: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    let value = known.get(text);
    if (value === undefined) {
      value = decode(text);
      known.set(text, value);
    }
    return value;
  };
}
