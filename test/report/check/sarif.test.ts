import { expect, it } from "vitest";
import { renderCheck, styleFor } from "../../../src/report/index.ts";
import { sampleReport } from "./sample-report.ts";

/** Requirements of SARIF 2.1.0 (OASIS standard, 3.13 to 3.58) for what we write, as a JSON schema that allows no more. */
const text = closed({ text: { type: "string", minLength: 1 } });
const location = closed({
  uri: { type: "string", format: "uri-reference" },
  uriBaseId: { const: "%SRCROOT%" },
});
const position = { type: "integer", minimum: 1 };
const offset = { type: "integer", minimum: 0 };
const level = { enum: ["none", "note", "warning", "error"] };
const schema = closed({
  $schema: { type: "string", format: "uri" },
  version: { const: "2.1.0" },
  runs: list(
    closed({
      tool: closed({
        driver: closed({
          name: { type: "string" },
          semanticVersion: { type: "string", pattern: String.raw`^\d+\.\d+\.\d+` },
          rules: list(
            closed(
              {
                id: { type: "string" },
                shortDescription: text,
                help: closed({ text: { type: "string" }, markdown: { type: "string" } }),
                defaultConfiguration: closed({ level }),
                helpUri: { type: "string", format: "uri" },
              },
              ["helpUri"],
            ),
          ),
        }),
      }),
      columnKind: { enum: ["utf16CodeUnits", "unicodeCodePoints"] },
      invocations: list(
        closed({
          executionSuccessful: { type: "boolean" },
          toolExecutionNotifications: list(closed({ level, message: text })),
        }),
      ),
      results: list(
        closed(
          {
            ruleId: { type: "string" },
            ruleIndex: offset,
            level,
            message: text,
            locations: list(
              closed({
                physicalLocation: closed({
                  artifactLocation: location,
                  region: closed(
                    {
                      startLine: position,
                      startColumn: position,
                      endLine: position,
                      endColumn: position,
                    },
                    ["startColumn", "endLine", "endColumn"],
                  ),
                }),
              }),
            ),
            partialFingerprints: { type: "object", additionalProperties: { type: "string" } },
            fixes: list(
              closed({
                description: text,
                artifactChanges: list(
                  closed({
                    artifactLocation: location,
                    replacements: list(
                      closed({
                        deletedRegion: closed({ charOffset: offset, charLength: offset }),
                        insertedContent: closed({ text: { type: "string" } }),
                      }),
                    ),
                  }),
                ),
              }),
            ),
            suppressions: list(
              closed({
                kind: { enum: ["inSource", "external"] },
                justification: { type: "string", minLength: 1 },
              }),
            ),
          },
          ["partialFingerprints", "fixes", "suppressions"],
        ),
      ),
    }),
  ),
});

function closed(properties: Readonly<Record<string, object>>, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, additionalProperties: false };
}

function list(items: object) {
  return { type: "array", items };
}

async function sarif() {
  const style = styleFor({ columns: 80, env: {} });
  return JSON.parse([...(await renderCheck(sampleReport, "sarif", style))].join(""));
}

it("holds what SARIF 2.1.0 demands, and nothing that it does not know", async () => {
  const { Ajv } = await import("ajv");
  const formats = await import("ajv-formats");
  const ajv = new Ajv({ allErrors: true });
  formats.default.default(ajv);
  const validate = ajv.compile(schema);
  validate(await sarif());
  expect(validate.errors).toBeNull();
});

it("gives exact regions, the rule of each result, fixes and suppressed results", async () => {
  const [run] = (await sarif()).runs;
  for (const { ruleId, ruleIndex } of run.results)
    expect(run.tool.driver.rules[ruleIndex].id).toBe(ruleId);
  expect(run.results[1].locations[0].physicalLocation.region).toEqual({
    startLine: 3,
    startColumn: 1,
    endLine: 4,
    endColumn: 42,
  });
  expect(run.results[0].locations[0].physicalLocation.artifactLocation.uri).toBe(
    ".github/workflows/deploy%2C%20v2%3A%20main.yml",
  );
  expect(run.results[2].fixes[0].artifactChanges[0].replacements).toEqual([
    {
      deletedRegion: { charOffset: 112, charLength: 12 },
      insertedContent: { text: "CREATE INDEX CONCURRENTLY" },
    },
  ]);
  expect(run.results[4].suppressions).toEqual([
    { kind: "inSource", justification: "the table is empty" },
  ]);
});

it("shows the rule's whole page as help, where its viewers open no file of the package", async () => {
  const [run] = (await sarif()).runs;
  const rules = new Map(run.tool.driver.rules.map((rule: { id: string }) => [rule.id, rule]));
  expect(rules.get("blocking-rewrite")).toMatchObject({
    help: {
      text: expect.stringContaining("lockstep explain blocking-rewrite"),
      markdown: expect.stringContaining("## Instead"),
    },
  });
});
