import Sequencer from '@jest/test-sequencer';

/** Files that wait or work for longest; what starts last decides when the whole suite is done. */
const LONGEST = [
  'dashboard/dashboard',
  'dashboard/layout',
  'collector/socket-capacity',
  'collector/bithumb-refusals',
  'app/control',
  'faults/wrong-clock',
  'faults/standstill',
  'app/silence',
  'store/export-shapes',
  'store/endurance',
  'faults/protocols',
  'store/retention',
  'collector/bithumb-poller',
  'simulator/full/full-market',
  'app/process',
];

const rank = ({ path }) => {
  const found = LONGEST.findIndex((name) => path.endsWith(`/${name}.test.ts`));
  return found === -1 ? LONGEST.length : found;
};

/** Jest's order by the last duration, or by size where none is known, behind the longest files. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
}
