import { it } from '@jest/globals';
import { killArchiver } from './kills.js';

it(
  'leaves whole days only, and goes on, when it is killed at 5 random moments',
  () => killArchiver(5),
  60_000,
);
