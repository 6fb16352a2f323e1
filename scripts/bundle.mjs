/**
 * Joins what each program and thread imports into a few files: loading over a thousand modules one
 * by one was half of a start's CPU time. Run by prepare.mjs after the compiler. `dist` keeps every
 * module as compiled, for tests and benchmarks; only the file of a program or a thread becomes a
 * line that loads it, with what it exports, from `dist/chunks`.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, posix, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const dist = resolve('dist');
/** Packages with their own native parts, threads or assets stay where they are. */
const OUTSIDE = [/^better-sqlite3/, /^@duckdb\//, /^pino$/, /render-graphiql/];

const nameOf = (file) => relative(dist, file).replaceAll(sep, '/');

/** The programs started by their file: the commands of package.json. */
function commands() {
  const { scripts, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
  const found = JSON.stringify({ scripts, bin }).matchAll(/\bdist\/([\w/-]+\.js)/g);
  return new Set([...found].map(([, name]) => name));
}

/** The files that modules start as a thread or a child process. */
function parts() {
  const names = new Set();
  for (const path of readdirSync(dist, { recursive: true })) {
    if (!path.endsWith('.js') || path.startsWith('dashboard')) continue;
    const file = resolve(dist, path);
    const started = readFileSync(file, 'utf8').matchAll(
      /new URL\('([^']+\.js)', import\.meta\.url\)/g,
    );
    for (const [, target] of started) names.add(nameOf(resolve(dirname(file), target)));
  }
  return names;
}

/** A module finds its neighbours by `import.meta.url`: it gets the one that it has in `dist`. */
const placed = {
  name: 'placed',
  transform: {
    filter: { code: 'import.meta.url' },
    handler(code, id) {
      if (!id.startsWith(dist + sep)) return null;
      return code.replaceAll(
        'import.meta.url',
        `new URL('../${nameOf(id)}', import.meta.url).href`,
      );
    },
  },
};

/** Prisma's query compiler as bytes: as text, every thread would have to read and decode it. */
const bytes = {
  name: 'bytes',
  async load(id) {
    if (!id.endsWith('.wasm-base64.mjs')) return null;
    const { wasm } = await import(pathToFileURL(id));
    const fileName = basename(id).replace('-base64.mjs', '');
    this.emitFile({ type: 'asset', fileName, source: Buffer.from(wasm, 'base64') });
    return `import { readFileSync } from 'node:fs';
export const wasm = readFileSync(new URL('./${fileName}', import.meta.url));`;
  },
};

/**
 * What packages load and do not need, or not yet: a sixth of a start's CPU time. pino-roll loads all of date-fns,
 * 300 modules, for five functions; graphql-jit loads a JSON schema validator for a serialiser that is not used.
 * Each entry is a text in their code and its replacement.
 */
const LEANER = [
  [
    'pino-roll/lib/utils.js',
    /const \{ ([\w, ]+) \} = require\('date-fns'\)/,
    (_all, names) =>
      names
        .split(', ')
        .map((name) => `const { ${name} } = require('date-fns/${name}')`)
        .join('\n'),
  ],
  [
    'graphql-jit/dist/execution.js',
    '__toESM(require("fast-json-stringify"))',
    '{ default: (...args) => require("fast-json-stringify")(...args) }',
  ],
];

const leaner = {
  name: 'leaner',
  transform: {
    filter: { id: /\/(pino-roll|graphql-jit)\// },
    handler(code, id) {
      const found = LEANER.find(([file]) => id.replaceAll(sep, '/').endsWith(`/${file}`));
      if (found === undefined) return null;
      const [file, text, instead] = found;
      const made = code.replace(text, instead);
      if (made === code) throw new Error(`scripts/bundle.mjs: ${file} no longer has ${text}`);
      return made;
    },
  },
};

const chunkOf = (name) => name.replaceAll('/', '-').replace(/\.js$/, '');

/** Bundles programs; what several of them import goes into separate files. */
async function write(names) {
  const bundle = await rolldown({
    input: Object.fromEntries(names.map((name) => [chunkOf(name), resolve(dist, name)])),
    platform: 'node',
    external: OUTSIDE,
    plugins: [placed, bytes, leaner],
    logLevel: 'silent',
  });
  await bundle.write({
    dir: resolve(dist, 'chunks'),
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  });
  await bundle.close();
}

const started = commands();
await write([...started]);
// Each in as few files as possible: a store's threads are started often.
const threads = [...parts()].filter((name) => !started.has(name));
for (const name of threads) await write([name]);
for (const name of [...started, ...threads]) {
  const chunk = posix.relative(posix.dirname(name), `chunks/${chunkOf(name)}.js`);
  const shebang = /^#!.*\n/.exec(readFileSync(resolve(dist, name), 'utf8'))?.[0] ?? '';
  writeFileSync(
    resolve(dist, name),
    `${shebang}export * from '${chunk.startsWith('.') ? chunk : `./${chunk}`}';\n`,
  );
}
