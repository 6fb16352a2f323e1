import Sequencer from '@jest/test-sequencer';

/**
 * Files that wait or work for longest, those that work between those that wait: what starts last decides
 * when the whole suite is done, and two browsers at once leave nothing to their neighbours.
 */
const LONGEST = [
  'dashboard/overview',
  'app/silence',
  'collector/socket-capacity',
  'dashboard/analysis',
  'bithumb/poller-refusals',
  'dashboard/dashboard',
  'bithumb/poller',
  'app/trade-history',
  'doctor/doctor',
  'dashboard/layout',
  'faults/protocols',
  'faults/standstill',
  'app/control',
  'simulator/full/full-market',
  'store/copy',
  'archive/trade-spans',
  'archive/reading',
  'archive/program',
  'faults/wrong-clock',
  'dashboard/tape',
  'store/retention',
  'app/process',
  'faults/soak',
  'app/signals',
  'faults/kills',
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
