import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { transformSync } from '@swc/core';

/**
 * `node --import` of this runs a test's child process as Jest runs the tests: the program as it was
 * built, in `dist`, and TypeScript of the tests without its types.
 */
if (isMainThread) register(import.meta.url);

/** Hook of Node: where a module lies. */
export function resolve(specifier, context, next) {
  const from = context.parentURL ?? '';
  if (!specifier.startsWith('.') || !from.endsWith('.ts')) return next(specifier, context);
  const url = new URL(specifier, from).href;
  const built = url.replace(/\/src\/(?=[^]*\.js$)/, '/dist/');
  return next(built === url ? url.replace(/\.js$/, '.ts') : built, context);
}

/** Hook of Node: what a module says. */
export function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const source = readFileSync(fileURLToPath(url), 'utf8');
  const jsc = { target: 'es2022', parser: { syntax: 'typescript' } };
  const { code } = transformSync(source, { jsc, module: { type: 'es6' }, sourceMaps: 'inline' });
  return { format: 'module', source: code, shortCircuit: true };
}
