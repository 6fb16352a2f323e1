import { it } from '@jest/globals';
import { killRecorder } from './kills.js';

it(
  'loses no acknowledged book and leaves no hole when it is killed twice',
  () => killRecorder(50, 2),
  60_000,
);
