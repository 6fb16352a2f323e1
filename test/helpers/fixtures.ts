import { readFileSync } from 'node:fs';

/** Text of a file in test/fixtures, e.g. `upbit/session.jsonl`. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
}

/** Messages of a file in test/fixtures, one a line. */
export function fixtureLines(name: string): string[] {
  return fixture(name)
    .split('\n')
    .filter((line) => line.trim() !== '');
}
