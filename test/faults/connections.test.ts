import { afterEach, describe, it } from '@jest/globals';
import { EXCHANGES } from '../../src/market/exchange.js';
import { allLive, type Recorder, startRecorder } from '../helpers/recorder.js';
import { CONNECTION_ENV, CONNECTION_FAULTS, loseConnections } from './connection-faults.js';

let recorder: Recorder;
afterEach(() => recorder.close());

describe('a connection lost', () => {
  it('in whatever way is a gap, one reconnection and exact books (another way each exchange)', async () => {
    recorder = await startRecorder({}, CONNECTION_ENV);
    await allLive(recorder);
    await loseConnections(
      recorder,
      (exchange) => CONNECTION_FAULTS[EXCHANGES.indexOf(exchange) % CONNECTION_FAULTS.length]!,
    );
  });
});
