import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { EXCHANGES } from '../../src/market/exchange.js';

const root = new URL('../../', import.meta.url);

/** What docs/add-an-exchange.md says that an exchange has. */
function partsOf(exchange: string): string[] {
  const name = exchange.toLowerCase();
  return [
    `src/collector/exchanges/${name}/adapter.ts`,
    ...['options', 'server', 'frames', 'size'].map((file) => `src/simulator/${name}/${file}.ts`),
    `src/doctor/facts/${name}.ts`,
    `docs/exchanges/${name}.md`,
    `docs/exchanges/${name}-trades.md`,
    `test/exchanges/${name}/simulator.test.ts`,
    `test/exchanges/${name}/fixtures`,
  ];
}

/** Faults that only one exchange can have, by name; a new exchange need not have any. */
const SPECIAL = 'src/soak/faults.ts';

/** Where every exchange has an entry; the type check asks for it. */
const LISTS = [
  'src/collector/exchanges/registry.ts',
  'src/doctor/facts/sheets.ts',
  'src/market/exchange.ts',
  'src/simulator/registry.ts',
];

describe('docs/add-an-exchange.md', () => {
  it.each(EXCHANGES)('holds for %s: it has all its parts', (exchange) => {
    expect(partsOf(exchange).filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
    const tests = readdirSync(new URL(`test/exchanges/${exchange.toLowerCase()}/`, root));
    // Bithumb's are named by its transports.
    expect(tests).toContainEqual(expect.stringMatching(/^(collector|websocket)\.test\.ts$/));
  });

  it('names every place with an entry for each exchange', () => {
    const tracked = execFileSync('git', ['ls-files', 'src', 'bench', 'scripts'], {
      cwd: root,
      encoding: 'utf8',
    });
    const lists = tracked
      .split('\n')
      .filter((file) => /\.(?:[mc]?ts|tsx|mjs|css|graphql)$/.test(file) && file !== SPECIAL)
      .filter((file) => existsSync(new URL(file, root)))
      .filter((file) => {
        const text = readFileSync(new URL(file, root), 'utf8');
        return EXCHANGES.every((exchange) => new RegExp(`\\b${exchange}\\b`).test(text));
      });
    expect(lists).toEqual(LISTS);
    const guide = readFileSync(new URL('docs/add-an-exchange.md', root), 'utf8');
    expect(LISTS.filter((file) => !guide.includes(file))).toEqual([]);
  });
});
