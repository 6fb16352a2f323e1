import { readFileSync } from 'node:fs';

/** Text of a recorded file, `upbit/ws_session.jsonl`. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
}

/** Lines of a recorded file. */
export function fixtureLines(name: string): string[] {
  return fixture(name)
    .split('\n')
    .filter((line) => line.trim() !== '');
}
