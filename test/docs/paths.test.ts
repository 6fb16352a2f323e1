import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = new URL('../../', import.meta.url);
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(new URL(file, root)));

/** Pages of our own; those on the exchanges cite files of others. */
const pages = tracked.filter((file) => /\.md$/.test(file) && !file.startsWith('docs/exchanges/'));
const code = tracked.filter((file) => /\.(?:ts|tsx|mjs)$/.test(file));

/** What files cite that is not there, as `file: path`. */
function missing(
  files: readonly string[],
  cited: RegExp,
  exists: (path: string, file: string) => boolean,
): string[] {
  return files.flatMap((file) => {
    const text = readFileSync(new URL(file, root), 'utf8');
    const paths = [...text.matchAll(cited)].map((match) => match[1]!);
    return paths.filter((path) => !exists(path, file)).map((path) => `${file}: ${path}`);
  });
}

const isThere = (path: string): boolean => existsSync(new URL(path, root));

describe('paths', () => {
  it('that pages cite exist', () => {
    const path = /`((?:src|test|docs|bench|prisma|scripts|ops|examples)\/[\w./-]*)`/g;
    expect(missing(pages, path, isThere)).toEqual([]);
    const name = /`([\w/-]+\.(?:ts|tsx|mjs))`/g;
    const named = (cited: string): boolean =>
      tracked.some((file) => file === cited || file.endsWith(`/${cited}`));
    expect(missing(pages, name, named)).toEqual([]);
  });

  it('that pages link to exist', () => {
    const link = /\]\((?!https?:|#)([^)#\s]+)/g;
    const there = (path: string, page: string): boolean =>
      isThere(posix.join(posix.dirname(page), path));
    expect(missing(pages, link, there)).toEqual([]);
  });

  it('that code cites exist', () => {
    const path = /\b((?:src|test|docs|bench|scripts|prisma)\/[\w./-]+\.(?:ts|tsx|md|mjs))\b/g;
    expect(missing(code, path, isThere)).toEqual([]);
  });
});
