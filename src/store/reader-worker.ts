import { parentPort, workerData } from 'node:worker_threads';
import { Reader } from './reader.js';
import type { ReaderOptions, ReaderService } from './reader-protocol.js';
import { serve } from './rpc.js';

// The reader's thread: all queries about the past are answered here.
serve<ReaderService>(parentPort!, new Reader(workerData as ReaderOptions));
