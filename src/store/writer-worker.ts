import { parentPort, workerData } from 'node:worker_threads';
import { serve } from './rpc.js';
import { Writer } from './writer.js';
import type { WriterOptions, WriterService } from './writer-protocol.js';

// The writer's thread: everything that changes the database happens here.
serve<WriterService>(parentPort!, new Writer(workerData as WriterOptions));
