import { it } from '@jest/globals';
import { killArchiver } from './kills.js';

it(
  'leaves whole days only, and goes on, when it is killed at 20 random moments',
  () => killArchiver(20),
  120_000,
);
