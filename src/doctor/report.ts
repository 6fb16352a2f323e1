import type { Verdict } from './fact.js';
import type { Examination, Finding } from './examine.js';

/** The most characters of a table cell; JSON has the whole text. */
const MAX_EXPECTED = 56;
const MAX_SEEN = 160;

/** The findings as a table for people. */
export function reportText(examinations: readonly Examination[]): string {
  return examinations.map((one) => `${tableOf(one.findings)}\n${summary(one)}\n`).join('\n');
}

/** The findings for programs: one object with an array of them. */
export function reportJson(examinations: readonly Examination[]): string {
  const findings = examinations.flatMap((one) => one.findings);
  const unreached = examinations.filter(({ reached }) => !reached).map(({ exchange }) => exchange);
  return `${JSON.stringify({ findings, unreached }, null, 2)}\n`;
}

function tableOf(findings: readonly Finding[]): string {
  const rows = [
    ['fact', 'verdict', 'expected', 'seen'],
    ...findings.map(({ id, verdict, expected, seen }) => [
      id,
      verdict,
      cut(expected, MAX_EXPECTED),
      cut(seen, MAX_SEEN),
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')).join('\n');
}

function summary({ exchange, findings, reached }: Examination): string {
  const count = (verdict: Verdict): number =>
    findings.filter((finding) => finding.verdict === verdict).length;
  const text = `${exchange}: ${count('CONFIRMED')} confirmed, ${count('CONTRADICTED')} contradicted, ${count('NOT SEEN')} not seen`;
  return reached ? text : `${text}; the exchange could not be reached`;
}

/** One line of at most `most` characters. */
function cut(text: string, most: number): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
