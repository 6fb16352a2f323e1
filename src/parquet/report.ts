import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DayReport, reportMarkdown } from '../market/day-report.js';
import { writeWhole } from './durable-file.js';
import { manifestFile } from './layout.js';

/** Path of a day's report, beside its manifest, for programs and for people. */
function reportFile(date: string, ending: 'json' | 'md'): string {
  return join(dirname(manifestFile(date)), `report.${ending}`);
}

/** Writes the report of a day, each file complete or not at all. */
export async function writeReport(folder: string, report: DayReport): Promise<void> {
  const texts = { json: `${JSON.stringify(report)}\n`, md: reportMarkdown(report) };
  for (const ending of ['json', 'md'] as const) {
    const path = join(folder, reportFile(report.date, ending));
    await writeWhole(path, (part) => writeFile(part, texts[ending]));
  }
}

/** The report of a day; null when there is none, or only an incomplete one. */
export async function readReport(folder: string, date: string): Promise<DayReport | null> {
  try {
    const text = await readFile(join(folder, reportFile(date, 'json')), 'utf8');
    const report = JSON.parse(text) as DayReport;
    return report.date === date && Array.isArray(report.markets) ? report : null;
  } catch {
    return null;
  }
}
