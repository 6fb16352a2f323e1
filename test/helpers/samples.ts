import { existsSync, readFileSync } from 'node:fs';
import { it } from '@jest/globals';

/** Real recordings, made by others: beside the repository, never in it. */
const FOLDER = new URL('../../../shared/exchanges/samples/', import.meta.url);

/** Whether the recordings are there. */
export const haveSamples = existsSync(FOLDER);

/** A test of real recordings; skipped, with the reason in its name, where they are not. */
export function itRecorded(name: string, test: () => void | Promise<void>): void {
  if (haveSamples) it(name, test);
  else it.skip(`${name} (skipped: no recordings in ../shared/exchanges/samples)`, test);
}

/** Text of a recording, `upbit/rest_market_all_2021-04-17.json`. */
export function sample(name: string): string {
  return readFileSync(new URL(name, FOLDER), 'utf8');
}

/** Lines of a recording. */
export function sampleLines(name: string): string[] {
  return sample(name)
    .split('\n')
    .filter((line) => line.trim() !== '');
}
