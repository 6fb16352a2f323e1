import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

const run = fileURLToPath(new URL('../../bench/run.mjs', import.meta.url));
const [, list = ''] = /const NAMES = \[([^\]]*)\]/.exec(readFileSync(run, 'utf8')) ?? [];
const names = [...list.matchAll(/'([^']+)'/g)].map(([, name]) => name!);
if (names.length === 0) throw new Error('no benchmarks found in bench/run.mjs');

// Nothing else runs them: what changed beneath a benchmark would show on the day that it is needed.
it.each(names)(
  'the benchmark %s runs to its end',
  async (name) => {
    const { stdout } = await promisify(execFile)(process.execPath, [run, name, '--tiny']);
    const lines = stdout.trim().split('\n').slice(1);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).not.toMatch(/NaN|undefined|Infinity/);
  },
  240_000,
);
