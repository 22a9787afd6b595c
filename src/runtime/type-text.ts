/** A type as `format_type` prints it, taken apart. */
export interface TypeParts {
  /** Without modifiers and brackets: `timestamp with time zone`, `public.status`. */
  readonly base: string;
  /** `[10, 2]` of `numeric(10,2)`; texts for those of extensions. Null when there are none. */
  readonly modifiers: readonly string[] | null;
  readonly array: boolean;
}

/** Takes a printed type apart. Double-quoted parts are left as they are. */
export function typeParts(text: string): TypeParts {
  const array = text.endsWith("[]");
  const bare = array ? text.slice(0, text.indexOf("[]", lastQuote(text))) : text;
  const open = bare.indexOf("(", lastQuote(bare));
  if (open === -1) return { base: bare, modifiers: null, array };
  const close = bare.indexOf(")", open);
  return {
    base: bare.slice(0, open) + bare.slice(close + 1),
    modifiers: bare
      .slice(open + 1, close)
      .split(",")
      .map((modifier) => modifier.trim()),
    array,
  };
}

function lastQuote(text: string): number {
  return Math.max(0, text.lastIndexOf('"'));
}

/** The part of a qualified type name after the schema; undefined for built-in types, printed without one. */
export function ownName(base: string): string | undefined {
  const dot = base.startsWith('"') ? base.indexOf('".') + 1 : base.indexOf(".");
  return dot <= 0 ? undefined : base.slice(dot + 1);
}
