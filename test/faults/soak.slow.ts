import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

it('accounts for every book of the whole market after ten minutes of random faults', async () => {
  const soak = fileURLToPath(new URL('../../dist/soak/main.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [soak, '--minutes', '10']);
  console.log(stdout);
  expect(stdout).toMatch(/ALL 2026 MARKETS: .* \+ 0 unaccounted; /);
}, 1_800_000);
