/** Comments by which tools cut a file in two: what goes forth, and what takes it back. */
const sections: readonly {
  readonly tool: string;
  readonly up: RegExp | undefined;
  readonly down: RegExp;
}[] = [
  {
    tool: "dbmate",
    up: /^[ \t]*--[ \t]*migrate:up\b/im,
    down: /^[ \t]*--[ \t]*migrate:down\b/im,
  },
  {
    tool: "goose",
    up: /^[ \t]*--[ \t]*\+goose[ \t]+up\b/im,
    down: /^[ \t]*--[ \t]*\+goose[ \t]+down\b/im,
  },
  {
    tool: "sql-migrate",
    up: /^[ \t]*--[ \t]*\+migrate[ \t]+up\b/im,
    down: /^[ \t]*--[ \t]*\+migrate[ \t]+down\b/im,
  },
  {
    tool: "node-pg-migrate",
    up: /^[ \t]*--[ \t-]*up[ \t]+migration\b/im,
    down: /^[ \t]*--[ \t-]*down[ \t]+migration\b/im,
  },
  { tool: "tern", up: undefined, down: /^---- create above \/ drop below ----/m },
];

/** Where a file is cut, and for which tool. */
export interface Section {
  readonly tool: string;
  /** Where the mark begins that comes first. */
  readonly index: number;
  readonly text: string;
}

/** What a line has in it that one of them may match: most files have none. Where it stands in its line costs more to ask. */
const anyMark =
  /--(?:[ \t-]*(?:migrate:|\+goose|\+migrate|up|down)|-- create above \/ drop below)/i;

/** The first comment by which another tool cuts the file in two; undefined when there is none. */
export function sectionIn(sql: string): Section | undefined {
  if (!anyMark.test(sql)) return undefined;
  for (const { tool, up, down } of sections)
    for (const mark of up === undefined ? [down] : [up, down]) {
      const found = mark.exec(sql);
      if (found !== null) return { tool, index: found.index, text: found[0].trim() };
    }
  return undefined;
}

/**
 * A file without what its tool would run only on the way back: that is blanked, so that every line and offset stays.
 * The file itself when no tool cuts it.
 *
 * @param cutBy the tool that `sectionIn` gives for it
 */
export function upPart(sql: string, cutBy: string | undefined): string {
  const section = sections.find(({ tool }) => tool === cutBy);
  if (section === undefined) return sql;
  const up = section.up?.exec(sql)?.index ?? 0;
  const down = section.down.exec(sql)?.index ?? sql.length;
  return down > up ? keepOnly(sql, 0, down) : keepOnly(sql, up, sql.length);
}

/** What its tool runs of a file on the way back, the rest blanked; undefined where it has no such part. */
export function downPart(sql: string, cutBy: string): string | undefined {
  const section = sections.find(({ tool }) => tool === cutBy);
  const down = section?.down.exec(sql)?.index;
  if (down === undefined) return undefined;
  const up = section?.up?.exec(sql)?.index ?? 0;
  return keepOnly(sql, down, up > down ? up : sql.length);
}

/** A file of which only a part is run: the rest is blanked, so that every line and offset stays. */
export function keepOnly(sql: string, from: number, to: number): string {
  return blank(sql.slice(0, from)) + sql.slice(from, to) + blank(sql.slice(to));
}

/** Every UTF-16 unit but the ends of lines becomes a space: the parser's offsets count these units. */
function blank(text: string): string {
  return text.replaceAll(/[^\r\n]/g, " ");
}
