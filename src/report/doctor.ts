import type { Diagnosis, DoctorReport, Examined, Verdict } from "../doctor/index.ts";
import { count, moment, slot, type Style } from "./style.ts";

const words: Readonly<Record<Verdict, string>> = {
  danger: "danger",
  warning: "warning",
  unknown: "not known",
  note: "note",
  ok: "well",
};

/** What hurts first, with its consequence and the way out; what is well in a line each. */
export function renderDoctor(report: DoctorReport, style: Style): string {
  const { colors } = style;
  const { environment, database, server, provider, takenAt, examined } = report;
  const by = provider === undefined ? "" : ` (${provider})`;
  const blocks = [
    `${colors.bold(`${environment}: database ${database}`)}, ${server}${by}, ${moment(takenAt)}`,
  ];
  for (const verdict of ["danger", "warning", "unknown", "note"] as const)
    for (const { name, diagnoses } of examined)
      for (const diagnosis of diagnoses)
        if (diagnosis.verdict === verdict) blocks.push(told(name, diagnosis, style));
  const well = examined.filter(({ verdict }) => verdict === "ok");
  if (well.length > 0) blocks.push(well.map((one) => line(one, style)).join("\n"));
  blocks.push(summary(examined, style));
  return blocks.join("\n\n");
}

function told(name: string, diagnosis: Diagnosis, style: Style): string {
  const { verdict, object, found, means, next = [] } = diagnosis;
  const head = `${paint(verdict, style)(words[verdict])}  ${style.colors.bold(name)}${object === undefined ? "" : `  ${object}`}`;
  return [
    head,
    slot(style, "found", found),
    ...(means === undefined ? [] : [slot(style, "means", means)]),
    ...(next.length === 0 ? [] : [slot(style, "next", next.join("\n"))]),
  ].join("\n");
}

function line({ name, diagnoses }: Examined, style: Style): string {
  const [first] = diagnoses;
  return slot(style, name, first?.found ?? "", 22).replace("  ", `${style.colors.green("✓")} `);
}

function summary(examined: readonly Examined[], style: Style): string {
  const of = (verdict: Verdict) => examined.filter((one) => one.verdict === verdict).length;
  const parts = (["danger", "warning", "unknown", "note", "ok"] as const).flatMap((verdict) =>
    of(verdict) === 0 ? [] : [paint(verdict, style)(`${of(verdict)} ${words[verdict]}`)],
  );
  return `${count(examined.length, "subject")}: ${parts.join(", ")}`;
}

function paint(verdict: Verdict, { colors }: Style): (text: string) => string {
  if (verdict === "danger") return colors.red;
  if (verdict === "warning") return colors.yellow;
  return verdict === "ok" ? colors.green : colors.dim;
}
