import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { needs } from '../helpers/needs.js';
import { serve, type TestServer } from '../api/helpers/server.js';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
}

const dashboard = JSON.parse(
  readFileSync(new URL('../../ops/grafana-dashboard.json', import.meta.url), 'utf8'),
) as { schemaVersion: number; panels: Panel[]; templating: { list: { name: string }[] } };
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const queries = panels.flatMap(({ targets }) => targets!.map(({ expr }) => expr));

let server: TestServer;
let metrics: string;
beforeAll(async () => {
  const failures = { timeout: 0 };
  server = await serve({
    alerts: () => ({ active: 0, sent: 0, waiting: 0, dropped: 0, failures }),
  });
  metrics = await (await fetch(`${server.url}/metrics`)).text();
});
afterAll(() => server.api.close());

describe('the dashboard for Grafana', () => {
  it('asks for numbers and labels that /metrics has', () => {
    const known = new Set([...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!));
    // A histogram has series of its own, and `up` is Prometheus' own.
    const has = (name: string): boolean => known.has(name.replace(/_bucket$/, '')) || name === 'up';
    const asked = new Set(queries.flatMap((q) => [...q.matchAll(/(\w+)\{/g)].map(([, n]) => n!)));
    expect([...asked].filter((name) => !has(name))).toEqual([]);
    expect(asked.size).toBeGreaterThan(25);
    const labels = new Set(
      queries.flatMap((q) => [...q.matchAll(/(\w+)[!=]~?"/g)].map(([, l]) => l)),
    );
    for (const own of ['job', 'instance']) labels.delete(own);
    for (const label of labels) expect(metrics).toContain(`${label}="`);
  });

  it('has panels of their own number and place, and no variable that is not defined', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = new Set<string>();
    for (const { gridPos, title } of dashboard.panels) {
      expect([title, gridPos.x + gridPos.w <= 24]).toEqual([title, true]);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect([title, taken.has(`${x},${y}`)]).toEqual([title, false]);
          taken.add(`${x},${y}`);
        }
      }
    }
    const names = new Set(dashboard.templating.list.map(({ name }) => name));
    const used = new Set(
      [...JSON.stringify(dashboard).matchAll(/\$\{?([a-z]\w*)/g)].map(([, v]) => v!),
    );
    expect([...used].filter((name) => !names.has(name))).toEqual([]);
  });

  needs('promtool').it('asks in the language of Prometheus', () => {
    const folder = mkdtempSync(join(tmpdir(), 'orderbook-'));
    try {
      // Recording rules are read as queries are; the variables are Grafana's.
      const rules = queries.map((query, i) => {
        const expr = query.replaceAll('$__rate_interval', '1m').replace(/\$\w+/g, '.*');
        return `      - { record: 'q:${i}', expr: '${expr.replaceAll("'", "''")}' }\n`;
      });
      const file = join(folder, 'rules.yml');
      writeFileSync(file, `groups:\n  - name: q\n    rules:\n${rules.join('')}`);
      const { status, stderr } = spawnSync('promtool', ['check', 'rules', file], {
        encoding: 'utf8',
      });
      expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
