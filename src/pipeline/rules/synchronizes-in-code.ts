import { parse, type ParserPlugin } from "@babel/parser";
import { productFilesWith } from "../repository/code-evidence.ts";
import { isOtherDatabase } from "../repository/schema-settings.ts";
import type { SourceFile, Span } from "../text/source-file.ts";
import type { PipelineRule } from "./rule.ts";

/** An ORM that changes the schema when the product starts: the same as a push, without a command. */
export const synchronizesInCode: PipelineRule = {
  id: "pipeline-synchronizes-in-code",
  title: "The ORM changes the schema when the product starts",
  severity: "warning",
  *check(facts) {
    const uses = (name: string): boolean =>
      facts.packages.all.some((each) => each.dependencies.has(name));
    if (isOtherDatabase(facts.settings) || facts.pipelines.length === 0) return;
    if (uses("typeorm")) {
      for (const file of productFilesWith(facts.repository, "synchronize")) {
        for (const at of placesOf(file, isSynchronizeTrue)) {
          yield finding(at, '"synchronize: true"', "synchronize: false,\nmigrationsRun: false,");
        }
      }
    }
    if (uses("sequelize")) {
      for (const file of productFilesWith(facts.repository, ".sync(")) {
        for (const at of placesOf(file, isSequelizeSync)) {
          yield finding(
            at,
            '"sequelize.sync()"',
            "npx sequelize-cli db:migrate   # in the pipeline, before the deploy",
          );
        }
      }
    }
  },
};

const finding = (at: Span, what: string, code: string) => ({
  at,
  message: `${what} changes the schema each time that ${at.file.path} is started, unless the environment turns it off.`,
  why: "What will run is decided from the code at that moment: columns that the code no longer names are dropped with their data, nobody has reviewed it, and every instance does it.",
  wayOut: { text: "Turn it off and apply committed migrations in the pipeline.", code },
});

interface AnyNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is AnyNode =>
  typeof value === "object" && value !== null && typeof (value as AnyNode).type === "string";

const nameIn = (value: unknown): string | undefined =>
  isNode(value) ? ((value["name"] ?? value["value"]) as string | undefined) : undefined;

/** `synchronize: true` in an object that also says `type: "postgres"`. */
function isSynchronizeTrue(node: AnyNode): AnyNode | undefined {
  if (node.type !== "ObjectExpression") return undefined;
  const properties = (node["properties"] as AnyNode[]).filter(
    ({ type }) => type === "ObjectProperty",
  );
  const valueOf = (name: string): AnyNode | undefined =>
    properties.find((each) => nameIn(each["key"]) === name);
  const database = valueOf("type")?.["value"];
  const found = valueOf("synchronize");
  if (found === undefined || nameIn(database) !== "postgres") return undefined;
  const value = found["value"];
  return isNode(value) && value.type === "BooleanLiteral" && value["value"] === true
    ? found
    : undefined;
}

/** `sequelize.sync(…)` or `db.sequelize.sync(…)`. */
function isSequelizeSync(node: AnyNode): AnyNode | undefined {
  const callee = node["callee"];
  if (node.type !== "CallExpression" || !isNode(callee) || callee.type !== "MemberExpression")
    return undefined;
  if (nameIn(callee["property"]) !== "sync") return undefined;
  const object = callee["object"];
  const owner = isNode(object) && object.type === "MemberExpression" ? object["property"] : object;
  return nameIn(owner) === "sequelize" ? node : undefined;
}

function placesOf(file: SourceFile, fits: (node: AnyNode) => AnyNode | undefined): Span[] {
  const typescript: ParserPlugin = "typescript";
  const plugins: ParserPlugin[] = [
    typescript,
    "decorators-legacy",
    ...(file.path.endsWith("x") ? (["jsx"] as const) : []),
  ];
  let root: unknown;
  try {
    root = parse(file.text, { sourceType: "unambiguous", errorRecovery: true, plugins }).program;
  } catch {
    return [];
  }
  const found: Span[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    if (!isNode(value)) return;
    const place = fits(value);
    if (place !== undefined) found.push({ file, start: place.start, end: place.end });
    for (const [key, child] of Object.entries(value)) if (key !== "loc") visit(child);
  };
  visit(root);
  return found;
}
