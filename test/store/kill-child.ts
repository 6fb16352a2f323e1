import { openStore } from '../../src/store/store.js';
import { GOPAX_BTC, Recorder, small, UPBIT_BTC } from './support.js';

// Records without an end and reports the newest sequence known to be stored; durability.test.ts kills
// it. `snapshotEveryMs`, the second argument, decides how many books are whole.
const store = await openStore({
  path: process.argv[2]!,
  flushMs: 1,
  heartbeatMs: 20,
  snapshotEveryMs: Number(process.argv[3]),
});
const recorder = new Recorder(store);
const before = store.stats().storedBooks;
let acknowledged = 0;
for (;;) {
  for (let i = 0; i < 7; i++) {
    const sequence = store.sequences.next();
    // The content follows from the sequence, so that the parent can check it.
    const market = sequence % 3 === 0 ? GOPAX_BTC : UPBIT_BTC;
    recorder.put(market, sequence, small(sequence % 1_000), { sequence });
  }
  do await new Promise((resolve) => setImmediate(resolve));
  while (store.stats().queuedBooks > 100);
  // Books are stored in order: so many of those put.
  const stored = store.stats().storedBooks - before;
  if (stored > acknowledged) {
    acknowledged = stored;
    process.send!(recorder.books[stored - 1]!.sequence);
  }
}
