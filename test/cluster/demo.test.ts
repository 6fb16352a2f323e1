import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { plannedNodes } from '../../src/cluster/demo.js';
import { NodeProcess } from '../../src/cluster/node-process.js';
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

  it.each([
    ['exit 3', 'node-1 ended with 3: cannot go on'],
    ['kill -9 $$', 'node-1 ended with SIGKILL'],
  ])('says why a node ended, and after a signal nothing older: %s', async (end, expected) => {
    const script = `echo '[INFO] an older line'; echo 'cannot go on' >&2; ${end}`;
    const why = await new Promise<string>((resolve) => {
      new NodeProcess('node-1', 'all', {}, resolve, ['sh', '-c', script]).launch();
    });
    expect(why).toBe(expected);
  });

  it.each(['0', 'x', '1.5', '21'])('refuses --nodes %s in one line', (count) => {
    const { status, stderr } = spawnSync(process.execPath, [DEMO, '--nodes', count], {
      encoding: 'utf8',
    });
    expect(stderr).toBe(`demo: --nodes must be a whole number from 1 to 20, not "${count}"\n`);
    expect(status).toBe(2);
  });
});
