import { readFileSync } from 'node:fs';

/** Text of a message of an exchange, e.g. `upbit/session.jsonl`: in test/exchanges/upbit/fixtures. */
export function fixture(name: string): string {
  const path = name.replace('/', '/fixtures/');
  return readFileSync(new URL(`../exchanges/${path}`, import.meta.url), 'utf8');
}

/** Messages of such a file, one a line. */
export function fixtureLines(name: string): string[] {
  return fixture(name)
    .split('\n')
    .filter((line) => line.trim() !== '');
}
