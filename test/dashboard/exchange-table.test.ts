import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EXCHANGE_FACTS, EXCHANGES } from '../../src/market/exchange.js';

const DASHBOARD = join(import.meta.dirname, '../../src/dashboard');

describe('the sources of the dashboard', () => {
  it('name no exchange: names, order and colours come from the server', () => {
    const words = EXCHANGES.flatMap((exchange) => {
      const { name, koreanName } = EXCHANGE_FACTS[exchange];
      return [exchange, name, koreanName];
    });
    const files = readdirSync(DASHBOARD, { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile() && !entry.parentPath.endsWith('gql'),
    );
    const found = files.flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, 'utf8').toLowerCase();
      return words
        .filter((word) => text.includes(word.toLowerCase()))
        .map((word) => `${entry.name}: ${word}`);
    });
    expect(files.length).toBeGreaterThan(30);
    expect(found).toEqual([]);
  });
});
