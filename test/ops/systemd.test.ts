import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { needs } from '../helpers/needs.js';

const unit = fileURLToPath(new URL('../../ops/recorder.service', import.meta.url));
const analyze = (...args: string[]) =>
  spawnSync('systemd-analyze', args, { encoding: 'utf8', timeout: 25_000 });

needs('systemd').it('the unit is what systemd takes, and shut in', () => {
  const verified = analyze('verify', unit);
  expect([verified.status, verified.stderr]).toEqual([0, '']);
  // Tenths of its scale: 0 is shut in wholly, 100 not at all.
  expect(analyze('security', '--offline=true', '--threshold=20', unit).status).toBe(0);
});
