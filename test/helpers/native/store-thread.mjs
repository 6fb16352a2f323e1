import { parentPort } from 'node:worker_threads';
import { Reader } from '../../../dist/store/reader.js';
import { serve } from '../../../dist/store/rpc.js';
import { Writer } from '../../../dist/store/writer.js';

const SERVICES = { writer: Writer, reader: Reader };

// As writer-worker.js and reader-worker.js, but for one store after the other: threads.mjs.
parentPort.on('message', ({ service, workerData, port }) =>
  serve(port, new SERVICES[service](workerData)),
);
