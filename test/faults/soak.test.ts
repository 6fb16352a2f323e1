import { afterEach, expect, it } from '@jest/globals';
import { Random } from '../../src/simulator/random.js';
import { chooseFault, soakFaults } from '../../src/soak/faults.js';
import { allLive, type Recorder, startRecorder } from '../helpers/recorder.js';
import { CONNECTION_ENV } from './connection-faults.js';
import { closedGaps, expectExact, recovered, step } from './support.js';

let recorder: Recorder;
afterEach(() => recorder.close());

it('accounts for every book after a dozen faults of the soak test, one upon another', async () => {
  recorder = await startRecorder({}, CONNECTION_ENV);
  await allLive(recorder);
  const dice = new Random(11);
  const random = (): number => dice.next();
  // Those that take long to notice or to recover from are for the soak test itself.
  const faults = soakFaults(recorder.simulators, random).filter(
    ({ name }) => !/half open|refused|50 MB|REST/.test(name),
  );
  for (let i = 0; i < 12; i++) {
    const fault = chooseFault(faults, random);
    const end = fault.begin();
    await step(recorder, 10);
    end?.();
    await step(recorder, 5);
  }
  await recovered(recorder);
  await step(recorder, 10);
  await recovered(recorder);
  await closedGaps(recorder, 1);
  const account = await expectExact(recorder);
  expect(account.stored).toBeGreaterThan(500);
}, 60_000);
