import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { logged, type Recorder, startRecorder } from '../helpers/recorder.js';
import { until } from '../helpers/wait.js';

let recorder: Recorder;
beforeAll(async () => {
  recorder = await startRecorder(
    { rate: 100 },
    { COLLECT: 'UPBIT:BTC-KRW', LOG_LANG: 'en', FLUSH_MS: '300' },
    { maxQueuedBooks: 2 },
  );
});
afterAll(() => recorder.close());

const messages = async (event: string): Promise<string[]> =>
  (await logged(recorder, event)).map(({ message }) => message);

it('more books than may wait are logged, without a line for each, and counted', async () => {
  await until(() => recorder.app.storeStats().droppedBooks > 50, 'many books are left out');
  expect(await messages('QUEUE_DRAINED')).toEqual([
    expect.stringMatching(/^there is room for books again; [1-9]\d* were left out$/),
  ]);
  expect(await messages('QUEUE_OVERFLOW')).toEqual([expect.stringMatching(/^books come faster/)]);
});
