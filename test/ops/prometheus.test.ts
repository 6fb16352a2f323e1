import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { needs } from '../helpers/needs.js';
import { serve, type TestServer } from '../api/helpers/server.js';

const folder = fileURLToPath(new URL('../../ops/', import.meta.url));
const rules = readFileSync(`${folder}prometheus-rules.yml`, 'utf8');
const promtool = (...args: string[]) =>
  spawnSync('promtool', args, { cwd: folder, encoding: 'utf8' });

let server: TestServer;
beforeEach(async () => {
  server = await serve();
});
afterEach(() => server.api.close());

it('alerts ask for numbers that /metrics has', async () => {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  const known = new Set([...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const asked = new Set(rules.match(/\borderbook_\w+/g));
  expect([...asked].filter((name) => !known.has(name))).toEqual([]);
  expect(asked.size).toBeGreaterThan(8);
});

needs('promtool').it('alerts are given as their tests say', () => {
  const { status, stdout, stderr } = promtool('test', 'rules', 'prometheus-rules.test.yml');
  expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, '']);
});
