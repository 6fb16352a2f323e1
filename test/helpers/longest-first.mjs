import Sequencer from '@jest/test-sequencer';

/**
 * Files that wait or work for longest, those that work between those that wait, begin first: what starts last decides
 * when the whole suite is done.
 */
const LONGEST = [
  'collector/socket-capacity',
  'bithumb/poller',
  'faults/standstill',
  'app/control',
  'store/retention',
  'app/process',
  'faults/soak',
  'app/signals',
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
