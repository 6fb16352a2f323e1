import { fileURLToPath } from 'node:url';
import { withoutTypes } from './without-types.mjs';

const GLOBALS = new URL('globals.mjs', import.meta.url).href;
const [SRC, DASHBOARD, DIST] = ['src/', 'src/dashboard/', 'dist/'].map(
  (folder) => new URL(`../../../${folder}`, import.meta.url).href,
);

/** Hook of Node: where a module lies. */
export function resolve(specifier, context, next) {
  const from = context.parentURL ?? '';
  // What belongs to a test file is loaded for it: runner.mjs.
  const [isTest, file = ''] = /\.ts(\?.*)?$/.exec(from) ?? [];
  if (isTest === undefined) return next(specifier, context);
  if (specifier === '@jest/globals') return next(GLOBALS + file, context);
  if (!specifier.startsWith('.')) return next(specifier, context);
  const url = new URL(specifier, from).href;
  if (url.startsWith(SRC) && !url.startsWith(DASHBOARD))
    return next(DIST + url.slice(SRC.length), context);
  return next(url.replace(/\.js$/, '.ts') + file, context);
}

/** Hook of Node: what a module says. */
export function load(url, context, next) {
  if (!/\.ts(\?|$)/.test(url)) return next(url, context);
  const { code } = withoutTypes(fileURLToPath(url), 'inline');
  return { format: 'module', source: code, shortCircuit: true };
}
