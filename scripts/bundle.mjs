/**
 * Joins what each program and thread imports into few files: loading over a thousand modules one by
 * one was half of the processor time of a start. Run by prepare.mjs after the compiler. `dist` keeps
 * every module as compiled, for tests and benchmarks; only the file of a program or a thread becomes
 * a line that loads it, with what it exports, from `dist/chunks`.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, posix, relative, resolve, sep } from 'node:path';
import { rolldown } from 'rolldown';

const dist = resolve('dist');
/** Packages with native parts, threads or assets of their own stay where they are. */
const OUTSIDE = [/^better-sqlite3/, /^@duckdb\//, /^pino/, /render-graphiql/];

const nameOf = (file) => relative(dist, file).replaceAll(sep, '/');

/** What is started by its file: commands of package.json, and what modules start as a thread or child. */
function programs() {
  const { scripts, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
  const commands = JSON.stringify({ scripts, bin }).matchAll(/\bdist\/([\w/-]+\.js)/g);
  const names = new Set([...commands].map(([, name]) => name));
  for (const path of readdirSync(dist, { recursive: true })) {
    if (!path.endsWith('.js') || path.startsWith('dashboard')) continue;
    const file = resolve(dist, path);
    const started = readFileSync(file, 'utf8').matchAll(
      /new URL\('([^']+\.js)', import\.meta\.url\)/g,
    );
    for (const [, target] of started) names.add(nameOf(resolve(dirname(file), target)));
  }
  return [...names];
}

/** A module finds its neighbours by `import.meta.url`: it is given the one it has in `dist`. */
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

const chunkOf = (name) => name.replaceAll('/', '-').replace(/\.js$/, '');
const names = programs();
const bundle = await rolldown({
  input: Object.fromEntries(names.map((name) => [chunkOf(name), resolve(dist, name)])),
  platform: 'node',
  external: OUTSIDE,
  plugins: [placed],
  logLevel: 'silent',
});
await bundle.write({
  dir: resolve(dist, 'chunks'),
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
});
await bundle.close();
for (const name of names) {
  const chunk = posix.relative(posix.dirname(name), `chunks/${chunkOf(name)}.js`);
  const shebang = /^#!.*\n/.exec(readFileSync(resolve(dist, name), 'utf8'))?.[0] ?? '';
  writeFileSync(
    resolve(dist, name),
    `${shebang}export * from '${chunk.startsWith('.') ? chunk : `./${chunk}`}';\n`,
  );
}
