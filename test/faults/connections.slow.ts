import { afterEach, describe, it } from '@jest/globals';
import { allLive, type Recorder, startRecorder } from '../helpers/recorder.js';
import { CONNECTION_ENV, CONNECTION_FAULTS, loseConnections } from './connection-faults.js';

let recorder: Recorder;
afterEach(() => recorder.close());

describe('all five exchanges at once lose their connection by', () => {
  it.each(CONNECTION_FAULTS)('$name', async (fault) => {
    recorder = await startRecorder({}, CONNECTION_ENV);
    await allLive(recorder);
    await loseConnections(recorder, () => fault);
  });
});
