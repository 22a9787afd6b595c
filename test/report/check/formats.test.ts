import { describe, expect, it } from "vitest";
import { renderCheck, styleFor, type CheckFormat } from "../../../src/report/index.ts";
import type { CheckReport } from "../../../src/check/index.ts";
import { cleanReport, sampleReport } from "./sample-report.ts";

async function render(format: CheckFormat, report = sampleReport, columns = 80): Promise<string> {
  const style = styleFor({ columns, env: {} });
  return [...(await renderCheck(report, format, style))].join("");
}

describe("text", () => {
  it("has what, why with its source, and what to do instead", async () => {
    const text = await render("text");
    expect(text).toContain(
      [
        "  warning[blocking-index-build] line 7",
        "  Writes to public.orders wait while an index is built.",
        "",
        "  7 │ CREATE INDEX orders_user ON orders (user_id)",
        "",
        "  why      CREATE INDEX takes Share on public.orders until it has read every",
        "           row. (observed on 18.4)",
        "  instead  Build it CONCURRENTLY, outside a transaction.",
        "",
        "           CREATE INDEX CONCURRENTLY orders_user ON orders (user_id);",
        "",
        "  fix      lockstep check --fix makes this change",
        "  more     lockstep explain blocking-index-build",
      ].join("\n"),
    );
  });

  it("says a reason once, and closes with one line that says it all", async () => {
    const text = await render("text");
    expect(text.split("takes Share on public.orders")).toHaveLength(2);
    expect(text).toContain("  why      as at line 7\n");
    expect(text).toContain("\n1 error, 2 warnings, 1 for information\n3 statements in 2 files,");
    expect(await render("text", cleanReport)).toMatch(/^no hazard found\n3 statements in 2 files/);
  });

  it.each([80, 120])("fits %i columns, but for code, which is never wrapped", async (columns) => {
    const code = new Set(sampleReport.findings.flatMap(({ wayOut }) => wayOut.code?.split("\n")));
    const lines = (await render("text", sampleReport, columns)).split("\n");
    for (const line of lines)
      if (!code.has(line.trim().replace(/^instead  /, "")))
        expect(line.length).toBeLessThanOrEqual(columns);
    for (const line of code) expect(lines.some((each) => each.endsWith(line!))).toBe(true);
  });

  it.each([80, 120])(
    "gives each of many findings a line, and counts them by rule, in %i columns",
    async (columns) => {
      const [some] = sampleReport.findings;
      const findings = Array.from({ length: 150 }, (_, index) => ({
        ...some!,
        file: `${"a-very-long-name-of-a-folder/".repeat(2)}${String(Math.floor(index / 10)).padStart(4, "0")}_file.sql`,
        line: index + 1,
        severity: index < 20 ? ("info" as const) : ("error" as const),
      }));
      const report: CheckReport = {
        ...sampleReport,
        findings,
        selection: { ...sampleReport.selection, by: "all" },
      };
      const text = await render("text", report, columns);
      expect(text).not.toContain("instead  ");
      expect(
        text
          .split("… and")[0]!
          .split("\n")
          .filter((line) => /^ +\d+ {2}error/.test(line)),
      ).toHaveLength(100);
      expect(text.split("… and 50 more")[0]).not.toMatch(/^ +\d+ {2}info/m);
      expect(text).toContain("… and 50 more: 30 errors, 20 info");
      expect(text).toMatch(new RegExp(`^ +130 +error +${some!.rule}$`, "m"));
      expect(text).toContain("--write-baseline");
      expect(text).toContain("--since REF");
      for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
    },
  );

  it("goes on below with a line of SQL that does not fit, and keeps what stands before it", async () => {
    const [file] = sampleReport.files;
    const sql = `ALTER TABLE orders\n    ADD CONSTRAINT ${"word ".repeat(30)}`;
    const report: CheckReport = {
      ...sampleReport,
      files: [{ ...file!, statements: [{ ...file!.statements[0]!, sql }] }],
    };
    const text = await render("text", report);
    expect(text).toContain("  3 │ ALTER TABLE orders\n  4 │     ADD CONSTRAINT word");
    expect(text).toMatch(/\n    │     word word/);
  });

  it("shortens a long statement, and uses colours only where they are wanted", async () => {
    const [file, ...others] = sampleReport.files;
    const sql = Array.from({ length: 40 }, (_, index) => `line ${index}`).join("\n");
    const long: CheckReport = {
      ...sampleReport,
      files: [{ ...file!, statements: [{ ...file!.statements[0]!, sql }] }, ...others],
    };
    expect(await render("text", long)).toContain("  8 │ line 5\n    │ … 34 more lines\n");
    const style = styleFor({ isTTY: true, columns: 80, env: {} });
    const colored = [...(await renderCheck(sampleReport, "text", style))].join("");
    expect(colored).toContain("\u001B[");
    expect(await render("text")).not.toContain("\u001B");
  });
});

describe("json", () => {
  it("is the object that the documentation describes", async () => {
    const report = JSON.parse(await render("json"));
    expect(report).toMatchObject({
      version: 1,
      workingFolder: ".",
      server: { major: 18, observed: true },
      summary: { errors: 1, warnings: 2, infos: 1 },
      files: [
        {
          file: "migrations/0007_orders.sql",
          statements: [
            {
              line: 3,
              sql: "ALTER TABLE orders\n  ALTER COLUMN total TYPE numeric(12,2)",
              effect: {
                locks: [{ relation: "public.orders", mode: "AccessExclusive" }],
                held: [],
                rewrites: ["public.orders"],
                scans: ["public.orders"],
                breaks: [{ object: "public.orders.total", how: "retyped" }],
              },
              source: "observed",
            },
            {},
            {},
          ],
        },
        { file: "migrations/0008_safe.sql", statements: [] },
      ],
    });
    expect(report.findings[1]).toEqual({
      rule: "blocking-rewrite",
      severity: "error",
      file: "migrations/0007_orders.sql",
      line: 3,
      column: 1,
      endLine: 4,
      endColumn: 42,
      message: sampleReport.findings[1]!.message,
      why: sampleReport.findings[1]!.why,
      source: "observed on 18.4",
      wayOut: sampleReport.findings[1]!.wayOut.text,
      wayOutCode: sampleReport.findings[1]!.wayOut.code,
      needsPlan: true,
      docs: "docs/rules/blocking-rewrite.md",
    });
    expect(report.suppressed[0]).toMatchObject({ line: 9, reason: "the table is empty" });
    expect(JSON.parse(await render("json", cleanReport))).toMatchObject({ findings: [] });
  });

  it("has a form with an object a line", async () => {
    const lines = (await render("ndjson")).trimEnd().split("\n");
    const types = lines.map((line) => (JSON.parse(line) as { type: string }).type);
    expect(types.join(" ")).toBe(
      "file file finding finding finding finding suppressed note result",
    );
  });
});

describe("annotations", () => {
  it("gcc: a line that editors read", async () => {
    const lines = (await render("gcc")).split("\n");
    expect(lines[2]).toBe(
      "migrations/0007_orders.sql:7:1: warning: Writes to public.orders wait while an index is built. [blocking-index-build]",
    );
    expect(lines[0]).toMatch(/:12:1: note: /);
  });

  it("github: workflow commands, one a line, escaped", async () => {
    const lines = (await render("github")).trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain(
      "::notice file=.github/workflows/deploy%2C v2%3A main.yml,line=12,endLine=12,title=lockstep%3A push-to-production::",
    );
    expect(lines[0]).toContain("100%25 &");
    expect(lines[0]).toContain("It compares and alters;%0Ano file says");
    expect(lines[1]).toContain("::error file=migrations/0007_orders.sql,line=3,endLine=4,title=");
    expect(lines[2]).toContain("line=7,endLine=7,col=1,endColumn=49,");
  });

  it("gitlab: a code quality report whose fingerprints outlive a move of the line", async () => {
    const issues = JSON.parse(await render("gitlab")) as Record<string, unknown>[];
    expect(issues[1]).toMatchObject({
      check_name: "blocking-rewrite",
      severity: "critical",
      location: { path: "migrations/0007_orders.sql", lines: { begin: 3, end: 4 } },
    });
    const prints = issues.map(({ fingerprint }) => fingerprint);
    expect(new Set(prints).size).toBe(4);
    const moved: CheckReport = {
      ...sampleReport,
      files: sampleReport.files.map((file) => ({
        ...file,
        statements: file.statements.map((one) => ({ ...one, line: one.line + 5 })),
      })),
      findings: sampleReport.findings.map((one) => ({ ...one, line: one.line + 5 })),
    };
    const again = JSON.parse(await render("gitlab", moved)) as Record<string, unknown>[];
    expect(again.map(({ fingerprint }) => fingerprint)).toEqual(prints);
  });

  it("github, gitlab and sarif name files from the root of the checkout", async () => {
    const report: CheckReport = { ...sampleReport, workingFolder: "packages/db" };
    const file = "packages/db/migrations/0007_orders.sql";
    expect(await render("github", report)).toContain(`::error file=${file},line=3,`);
    const [, issue] = JSON.parse(await render("gitlab", report));
    expect(issue.location.path).toBe(file);
    const { results } = JSON.parse(await render("sarif", report)).runs[0];
    const places = [
      results[2].locations[0].physicalLocation,
      results[2].fixes[0].artifactChanges[0],
    ];
    expect(places.map(({ artifactLocation }) => artifactLocation.uri)).toEqual([file, file]);
    expect(await render("gcc", report)).toContain("\nmigrations/0007_orders.sql:3:1: error: ");
  });

  it("junit: a suite for each file, a failure for each hazard, well-formed", async () => {
    const xml = await render("junit");
    expect(xml).toContain('<testsuites name="lockstep check" tests="5" failures="3">');
    expect(xml).toContain('name="no findings"/>');
    expect(xml).toContain("&lt;changes&gt; the *database* | 100% &amp; &quot;silently&quot;");
    const open: string[] = [];
    for (const [, slash, name, self] of xml.matchAll(/<(\/?)([a-z][\w-]*)[^<>]*?(\/?)>/g))
      if (slash === "/") expect(open.pop()).toBe(name);
      else if (self !== "/") open.push(name!);
    expect(open).toEqual([]);
    const [finding] = sampleReport.findings;
    const odd = { ...finding!, message: "bell \u0007 and \uFFFF" };
    expect(await render("junit", { ...sampleReport, findings: [odd] })).toContain("bell  and ");
  });
});

describe("markdown", () => {
  it("is a comment that can be found again, with the most urgent first", async () => {
    const text = await render("markdown");
    expect(text.startsWith("<!-- lockstep-check -->\n### lockstep check: 1 error")).toBe(true);
    const order = ["🛑", "⚠️", "💡"].map((sign) => text.indexOf(sign));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(text).toContain(
      "```sql\nCREATE INDEX CONCURRENTLY orders_user ON orders (user_id);\n```",
    );
    expect(text).toContain("for @&#8203;everyone");
    expect(text).toContain("&lt;changes&gt; the *database*");
  });

  it("stays below what GitHub takes, and says that there is more", async () => {
    const findings = Array.from({ length: 1_000 }, () => sampleReport.findings[1]!);
    const text = await render("markdown", { ...sampleReport, findings });
    expect(text.length).toBeLessThan(65_536);
    expect(text).toMatch(/…and \d+ more findings: `lockstep check` shows all/);
  });

  it("fences code that holds a fence", async () => {
    const [finding] = sampleReport.findings;
    const odd = { ...finding!, wayOut: { text: "Do it.", code: "```\nSELECT 1\n```" } };
    const text = await render("markdown", { ...sampleReport, findings: [odd] });
    expect(text).toContain("````\n```\nSELECT 1\n```\n````");
  });
});
