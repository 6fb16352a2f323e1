import { openStore } from '../../src/store/store.js';
import { GOPAX_BTC, Recorder, small, stored, until, UPBIT_BTC } from './support.js';

// Records until endurance.test.ts kills it; never closes the store.
const store = await openStore({ path: process.argv[2]!, flushMs: 5, heartbeatMs: 20 });
const recorder = new Recorder(store);
store.setRecording(UPBIT_BTC, true);
store.putGap({
  market: GOPAX_BTC,
  start: 5,
  end: null,
  cause: 'DISCONNECTED',
  detail: '1006',
  attempts: 2,
});
for (let i = 0; i < 200; i++) recorder.put(UPBIT_BTC, Date.now(), small(i));
await stored(store);
const flushed = store.stats().lastFlushMs;
await until(() => store.stats().lastFlushMs !== flushed);
for (let i = 200; i < 300; i++) recorder.put(UPBIT_BTC, Date.now(), small(i));
const last = Array.from({ length: 50 }, () => store.sequences.next()).at(-1);
process.send!({ last, stored: 200 });
