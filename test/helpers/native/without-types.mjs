import { readFileSync, statSync } from 'node:fs';
import { transformSync } from '@swc/core';

/** What was made of each file: a helper is loaded for every file that needs it. */
const made = new Map();

/**
 * TypeScript of the tests as JavaScript: types are only left out, `npm run typecheck` checks them.
 * @param sourceMaps true: the map beside the code, 'inline': in it
 */
export function withoutTypes(file, sourceMaps) {
  const key = `${sourceMaps} ${statSync(file).mtimeMs} ${file}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const jsc = { target: 'es2022', parser: { syntax: 'typescript' } };
  const source = readFileSync(file, 'utf8');
  const options = { filename: file, jsc, module: { type: 'es6' }, sourceMaps };
  const result = transformSync(source, options);
  made.set(key, result);
  return result;
}
