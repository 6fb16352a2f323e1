import { parentPort, workerData } from 'node:worker_threads';
import { serve } from '../../rpc.js';
import type { RowsService } from './rows-aside.js';
import { Sqlite, type SqliteValue } from './sqlite.js';

// Reads rows for a thread that does other work meanwhile.
const { path, busyTimeoutMs } = workerData as { path: string; busyTimeoutMs: number };
const sqlite = new Sqlite(path, { readonly: true, busyTimeoutMs });
serve<RowsService>(parentPort!, {
  rows: (sql, values) => sqlite.queryNumbers(sql, values as SqliteValue[]),
});
