import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { EXCHANGES } from '../../src/market/exchange.js';

const root = new URL('../../', import.meta.url);
const EXCHANGE = `(?:${EXCHANGES.join('|').toLowerCase()})`;

/** An id where a fact begins: first in a paragraph, a list item or a table row. */
const DEFINITION = new RegExp(
  `^(?:\\| |[-*] |\\d+\\. )?\`(${EXCHANGE}\\.[a-z][a-z0-9-]*\\.[a-z0-9-]+)\``,
  'gm',
);

/** An id in backquotes anywhere; `.*` stands for all facts of an area. */
const CITATION = new RegExp(`\`(${EXCHANGE}\\.[a-z][a-z0-9-]*\\.(?:[a-z0-9-]+|\\*))\``, 'g');

/** The ways in which facts were cited before they were in the repository, and links to no file. */
const DEAD = new RegExp(
  `${EXCHANGE}(?:-trades)?\\.md,? (?:sections? )?\\d|\\bDESIGN(?:\\.md)? \\d|\\bdossier`,
  'i',
);

const SELF = 'test/docs/citations.test.ts';

function read(file: string): string {
  return readFileSync(new URL(file, root), 'utf8');
}

/** Files of the working tree that may cite a fact. */
function citing(): string[] {
  const listed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', 'src', 'test', 'bench', 'docs'],
    { cwd: root, encoding: 'utf8' },
  );
  return [...listed.split('\n'), 'README.md', 'README.ko.md', 'prisma/sqlite/schema.prisma'].filter(
    (file) =>
      /\.(?:ts|tsx|mjs|md|prisma|sql)$/.test(file) &&
      file !== SELF &&
      !file.startsWith('test/fixtures/') &&
      existsSync(new URL(file, root)),
  );
}

/** Every id defined in docs/exchanges, in order, twice when it is defined twice. */
function definitions(): string[] {
  return readdirSync(new URL('docs/exchanges/', root))
    .filter((name) => name !== 'README.md')
    .flatMap((name) => [...read(`docs/exchanges/${name}`).matchAll(DEFINITION)].map((m) => m[1]!));
}

describe('protocol facts', () => {
  const defined = definitions();

  it('have an id each, and no id twice', () => {
    expect(defined.length).toBeGreaterThan(800);
    expect(defined.filter((id, n) => defined.indexOf(id) !== n)).toEqual([]);
  });

  it('stand in the file of their exchange', () => {
    const strays = readdirSync(new URL('docs/exchanges/', root))
      .filter((name) => name !== 'README.md')
      .flatMap((name) =>
        [...read(`docs/exchanges/${name}`).matchAll(DEFINITION)]
          .map((m) => m[1]!)
          .filter((id) => !name.startsWith(id.split('.')[0]!)),
      );
    expect(strays).toEqual([]);
  });

  it('exist for every id that is cited', () => {
    const known = new Set(defined);
    const areas = new Set(defined.map((id) => `${id.slice(0, id.lastIndexOf('.'))}.*`));
    const unknown = citing().flatMap((file) =>
      [...read(file).matchAll(CITATION)]
        .map((m) => m[1]!)
        .filter((id) => !known.has(id) && !areas.has(id) && !/\.(?:ts|json|md)$/.test(id))
        .map((id) => `${file}: ${id}`),
    );
    expect(unknown).toEqual([]);
  });

  it('are cited by id, not by a chapter of a file that is not here', () => {
    const dead = citing()
      .filter((file) => !file.startsWith('docs/exchanges/'))
      .flatMap((file) =>
        read(file)
          .split('\n')
          .flatMap((line, n) => (DEAD.test(line) ? [`${file}:${n + 1}: ${line.trim()}`] : [])),
      );
    expect(dead).toEqual([]);
  });
});
