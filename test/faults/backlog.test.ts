import { expect } from '@jest/globals';
import { gapsOf } from '../helpers/accounts.js';
import { atOnce } from '../helpers/at-once.js';
import { allLive, recording } from '../helpers/recorder.js';
import { eventually, until } from '../helpers/wait.js';

/** How late the newest frame is read, ms. */
const LATE_MS = 5_000;

atOnce(
  'what lies unread in a socket that is lost is in a gap: since the newest book that was read was sent',
  async () => {
    const markets = ['UPBIT:BTC-KRW', 'UPBIT:ETH-KRW'];
    const recorder = await recording({}, { COLLECT: markets.join(',') });
    await allLive(recorder);
    const { upbit } = recorder.simulators;
    const books = (): number => recorder.status('UPBIT:BTC-KRW')!.books;
    const step = async (): Promise<void> => {
      const before = books();
      upbit.step('BTC-KRW');
      await until(() => books() > before, 'the book');
    };
    // How long messages take usually is known by some.
    for (let i = 0; i < 4; i++) await step();
    const sentAt = Date.now();
    await until(() => Date.now() > sentAt + LATE_MS, 'that time');
    // As if it had lain in the socket since then, and others behind it.
    upbit.faults.changeFrames('"timestamp":\\d+', `"timestamp":${sentAt}`);
    await step();
    upbit.faults.dropConnections();
    const gaps = await eventually(
      () => gapsOf((query) => recorder.query(query)),
      (found) => markets.every((market) => found.some((gap) => gap.market === market)),
      'the gaps',
    );
    for (const { start } of gaps) expect(start).toBeLessThanOrEqual(sentAt);
  },
  60_000,
);
