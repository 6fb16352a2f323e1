import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { plannedNodes } from '../../src/cluster/demo.js';
import { findPrograms, MissingProgramsError } from '../../src/cluster/programs.js';
import { ROLES, rolesOf } from '../../src/market/role.js';

const DEMO = fileURLToPath(new URL('../../dist/demo.js', import.meta.url));

describe('the demo of several nodes', () => {
  it.each([2, 3, 4, 7])('has each role twice among %i nodes, so that any one may go', (count) => {
    const nodes = plannedNodes(count);
    expect(new Set(nodes.map(({ name }) => name)).size).toBe(count);
    for (const role of ROLES) {
      const having = nodes.filter((node) => rolesOf(node.role.split(',') as never).has(role));
      expect(having.length).toBeGreaterThanOrEqual(2);
    }
  });

  it('says in one line what is to be installed', () => {
    expect(() => findPrograms([])).toThrow(
      new MissingProgramsError(
        'nats-server and postgresql are not installed; on Debian: apt-get install nats-server postgresql',
      ),
    );
  });

  it.each(['0', 'x', '1.5', '21'])('refuses --nodes %s in one line', (count) => {
    const { status, stderr } = spawnSync(process.execPath, [DEMO, '--nodes', count], {
      encoding: 'utf8',
    });
    expect(stderr).toBe(`--nodes must be a whole number from 1 to 20, not "${count}"\n`);
    expect(status).toBe(2);
  });
});
