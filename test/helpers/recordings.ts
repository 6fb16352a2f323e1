import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RecordedMessage } from '../../src/doctor/recording.js';
import { EXCHANGES, type Exchange } from '../../src/market/exchange.js';

/** Where recordings of `npm run doctor -- --record DIR` are looked for, unless `RECORDINGS` names a folder. */
const FOLDER = fileURLToPath(new URL('../../../shared/exchanges/recordings/', import.meta.url));

/** One recorded file. */
export interface RecordedFile {
  readonly name: string;
  readonly exchange: Exchange;
  readonly messages: readonly RecordedMessage[];
}

/** All recordings in a folder; none where it is absent. */
export function recordingsIn(folder = process.env['RECORDINGS'] ?? FOLDER): RecordedFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) => {
      const exchange = EXCHANGES.find((one) => name.startsWith(`${one.toLowerCase()}-`));
      if (exchange === undefined) return [];
      const lines = readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line !== '');
      return [
        { name, exchange, messages: lines.map((line) => JSON.parse(line) as RecordedMessage) },
      ];
    });
}
