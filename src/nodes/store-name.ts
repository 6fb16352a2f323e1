import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Config } from '../settings/config.js';
import { shownLocation } from '../store/engine/open.js';

/** Where a node stores or reads, in words, without a password. */
export function storeName(config: Pick<Config, 'databaseUrl' | 'dbPath'>): string {
  if (config.databaseUrl !== null) return shownLocation(config.databaseUrl);
  return `the SQLite file ${resolve(config.dbPath)} on ${hostname()}`;
}
