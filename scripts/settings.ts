/**
 * Writes what the documents say about the settings, from src/settings/table.ts: `.env.example`, and
 * the tables between the markers of README.md, README.ko.md, SECURITY.md and SECURITY.ko.md. With
 * `--check` it writes nothing, and fails where a file differs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Setting } from '../src/settings/kinds.js';
import { ALL_SETTINGS, URL_SETTINGS } from '../src/settings/table.js';

const HEAD = `# Copy to .env and change what you need. A variable that is unset or empty has its default
# (COLLECT: unset = BTC-KRW, empty = nothing). A value with a # must be in quotes: NAME="a#b".
`;
/** Columns that a line of \`.env.example\` may have. */
const WIDTH = 100;

const urls = new Set<Setting>(Object.values(URL_SETTINGS).flatMap((pair) => Object.values(pair)));

function comment(words: string): string {
  const lines = ['#'];
  for (const word of words.split(' ')) {
    if (`${lines.at(-1)} ${word}`.length > WIDTH) lines.push('#');
    lines.push(`${lines.pop()} ${word}`);
  }
  return lines.join('\n');
}

/** Addresses stay commented out, or a copy of the file would keep the old address of an exchange that moved. */
const example = [
  HEAD,
  ...ALL_SETTINGS.map((group) =>
    group
      .map((setting, i) => {
        const words = setting.en.replaceAll('`', '');
        // Two keys with one meaning share a comment.
        const said = setting.en === group[i - 1]?.en ? '' : `${comment(words)}\n`;
        const mark = urls.has(setting) ? '#' : '';
        return `${said}${mark}${setting.variable}=${setting.fallback}\n`;
      })
      .join(''),
  ),
].join('\n');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

const code = (text: string, none: string): string => (text === '' ? none : `\`${text}\``);

function rows(none: string, words: (setting: Setting) => readonly string[]) {
  return (settings: readonly Setting[]): string[][] =>
    settings.map((s) => [code(s.variable, none), code(s.fallback, none), s.range, ...words(s)]);
}

const all = ALL_SETTINGS.flat();
const limits = all.filter(({ refusal }) => refusal !== '');

/** A refusal is a code of the API, except for these few words. */
const inKorean = (refusal: string): string =>
  refusal
    .replace('not started', '시작하지 않음')
    .replace('or disconnected', '또는 연결 종료')
    .replace('close code', '종료 코드');

const FILES: Readonly<Record<string, (text: string) => string>> = {
  '.env.example': () => example,
  'README.md': within(
    table(['variable', 'default', 'range', 'meaning'], rows('empty', (s) => [s.en])(all)),
  ),
  'README.ko.md': within(table(['변수', '기본값', '범위', '뜻'], rows('없음', (s) => [s.ko])(all))),
  'SECURITY.md': within(
    table(
      ['variable', 'default', 'range', 'bounds or allows', 'refusal'],
      rows('empty', (s) => [s.en, s.refusal])(limits),
    ),
  ),
  'SECURITY.ko.md': within(
    table(
      ['변수', '기본값', '범위', '제한 또는 허용하는 것', '거부 응답'],
      rows('없음', (s) => [s.ko, inKorean(s.refusal)])(limits),
    ),
  ),
};

/** Puts a table between the markers of a document; Prettier leaves it as it is. */
function within(table: string): (document: string) => string {
  return (document) => {
    const place =
      /(<!-- Made by npm run generate:settings. -->\n)[^]*?(<!-- prettier-ignore-end -->)/;
    if (!place.test(document)) throw new Error('a document has no place for the table of settings');
    return document.replace(place, (_, start: string, end: string) => `${start}\n${table}\n${end}`);
  };
}

const check = process.argv.includes('--check');
for (const [name, make] of Object.entries(FILES)) {
  const path = new URL(`../${name}`, import.meta.url);
  const was = readFileSync(path, 'utf8');
  const is = make(was);
  if (is === was) continue;
  if (!check) writeFileSync(path, is);
  process.stderr.write(
    `${name} ${check ? 'is out of date: npm run generate:settings' : 'written'}\n`,
  );
  if (check) process.exitCode = 1;
}
