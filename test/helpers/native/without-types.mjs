import { readFileSync } from 'node:fs';
import { transformSync } from '@swc/core';

/**
 * TypeScript of the tests as JavaScript: types are only left out, `npm run typecheck` checks them.
 * @param sourceMaps true: the map beside the code, 'inline': in it
 */
export function withoutTypes(file, sourceMaps) {
  const jsc = { target: 'es2022', parser: { syntax: 'typescript' } };
  const source = readFileSync(file, 'utf8');
  return transformSync(source, { filename: file, jsc, module: { type: 'es6' }, sourceMaps });
}
