import { it } from '@jest/globals';
import { killRecorder } from './kills.js';

it.each([0, 50])(
  'loses no acknowledged book and leaves no hole when it is killed ten times (SNAPSHOT_EVERY_MS %i)',
  (snapshotEveryMs) => killRecorder(snapshotEveryMs, 10),
  120_000,
);
