import { readFileSync } from 'node:fs';
import { needs, SAMPLES } from './needs.js';

/** A test of real recordings; skipped where they are not. */
export const { it: itRecorded } = needs('samples');

/** Text of a recording, `upbit/rest_market_all_2021-04-17.json`. */
export function sample(name: string): string {
  return readFileSync(new URL(name, SAMPLES), 'utf8');
}

/** Lines of a recording. */
export function sampleLines(name: string): string[] {
  return sample(name)
    .split('\n')
    .filter((line) => line.trim() !== '');
}
