import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { GAP_CAUSES } from '../../src/market/gap.js';

const file = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const read = (name: string): string => file(`docs/${name}`);

describe.each(['operations.md', 'operations.ko.md'])('docs/%s', (name) => {
  const text = read(name);

  it('says of each cause of a gap what it means and what to do', () => {
    const rows = [...text.matchAll(/^\| `([A-Z_]+)` +\| (.+?) +\| (.+?) +\|$/gm)];
    const causes = rows.map(([, cause]) => cause!).filter((cause) => cause !== 'COLLECT');
    expect(causes.sort()).toEqual([...GAP_CAUSES].sort());
  });

  it('has a message of a webhook that is JSON', () => {
    const [, json] = /```json\n([^]*?)```/.exec(text)!;
    expect(JSON.parse(json!)).toMatchObject({ status: 'firing', code: 'EXCHANGE_DOWN' });
  });
});

it('docs/operations.md and its Korean page have the same parts', () => {
  const parts = (name: string) => read(name).match(/^#+|^```\w*|^- \*\*\w*|^\| `\S+`/gm);
  expect(parts('operations.ko.md')).toHaveLength(parts('operations.md')!.length);
});

it('every way to start the program gives Node the options of npm start', () => {
  const { scripts } = JSON.parse(file('package.json')) as { scripts: { start: string } };
  const options = scripts.start.split(' ').filter((word) => word.startsWith('--'));
  expect(options).not.toEqual([]);
  for (const path of [
    ...['Containerfile', 'ops/recorder.service', 'src/cluster/node-process.ts'],
    ...['docs/operations.md', 'docs/operations.ko.md'],
  ])
    expect([path, options.filter((option) => !file(path).includes(option))]).toEqual([path, []]);
});
