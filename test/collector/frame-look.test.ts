import { expect, it } from '@jest/globals';
import { type KnownFrames, lookAt } from '../../src/collector/socket/frame-look.js';

const KNOWN: KnownFrames = { keys: new Set(['a']), times: {}, levels: {} };

it.each([
  ['lists', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ['objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  ['an unknown member', `{"b":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
])('is not broken by a message nested deeper than the stack: %s', (_, text) => {
  expect(() => lookAt(text, KNOWN, () => undefined)).not.toThrow();
});
