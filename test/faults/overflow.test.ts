import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Recorder, startRecorder } from '../helpers/recorder.js';
import { eventually, until } from '../helpers/wait.js';

interface Logs {
  readonly logs: {
    readonly edges: readonly { readonly node: { event: string; message: string } }[];
  };
}

let recorder: Recorder;
beforeAll(async () => {
  recorder = await startRecorder(
    { rate: 100 },
    { COLLECT: 'UPBIT:BTC-KRW', LOG_LANG: 'en', FLUSH_MS: '300' },
    { maxQueuedBooks: 2 },
  );
});
afterAll(() => recorder.close());

it('more books than may wait are logged, without a line for each, and counted', async () => {
  await until(() => recorder.app.storeStats().droppedBooks > 50, 'many books are left out');
  const gaps = await eventually(
    async () => {
      const { logs } = await recorder.query<Logs>(
        '{ logs(first: 1000) { edges { node { event message } } } }',
      );
      return logs.edges.map(({ node }) => node).filter(({ event }) => event.startsWith('QUEUE_'));
    },
    ({ length }) => length >= 2,
    'both lines in the log',
  );
  expect(gaps).toEqual([
    {
      event: 'QUEUE_DRAINED',
      message: expect.stringMatching(/^there is room for books again; [1-9]\d* were dropped$/),
    },
    { event: 'QUEUE_OVERFLOW', message: expect.stringMatching(/^books arrive faster/) },
  ]);
});
