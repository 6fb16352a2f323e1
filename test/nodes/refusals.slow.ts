import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../src/cluster/process-group.js';
import { parseBusAddress } from '../../src/market/bus-address.js';
import { BusConnection } from '../../src/nats/connection.js';
import { Program } from '../faults/program.js';
import { needs } from '../helpers/needs.js';
import { PostgresServer } from '../helpers/postgres-server.js';
import { temporaryFolder } from '../helpers/wait.js';
import { describeWithNats, type NatsServer, startNats } from './nats-server.js';

jest.setTimeout(120_000);

describeWithNats('what several nodes cannot work with', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let running: Program[];
  let servers: { end(signal: 'SIGKILL'): Promise<void> }[];

  beforeEach(() => {
    folder = temporaryFolder();
    running = [];
    servers = [];
  });

  afterEach(async () => {
    for (const program of running) await program.end('SIGKILL');
    for (const server of servers) await server.end('SIGKILL');
    folder.remove();
  });

  async function nats(options?: readonly string[]): Promise<NatsServer> {
    const server = await startNats(temporaryFolder().path, options);
    servers.push(server);
    return server;
  }

  function node(name: string, role: string, env: Record<string, string>): Program {
    const program = new Program(folder.path, {
      NODE_NAME: name,
      ROLE: role,
      COLLECT: '',
      LOG_PATH: join(folder.path, `logs-${name}`),
      DB_PATH: join(folder.path, `${name}.db`),
      ...env,
    });
    running.push(program);
    return program;
  }

  /** What a program says that ends with exit code 1, in one line, and writes no database. */
  async function refusal(program: Program, name: string): Promise<string> {
    await program.gone();
    expect(program.code).toBe(1);
    expect(existsSync(join(folder.path, `${name}.db`))).toBe(false);
    const lines = program.output.split('\n').filter((line) => /^(cannot| {2}- )/.test(line));
    expect(lines).toHaveLength(1);
    return lines[0]!;
  }

  it('a role without a bus', async () => {
    const said = await refusal(node('a', 'recorder', {}), 'a');
    expect(said).toMatch(/ROLE is "recorder" while BUS_URL is empty/);
  });

  it('a server that is not there', async () => {
    const program = node('a', 'recorder,api', { BUS_URL: 'nats://127.0.0.1:1' });
    expect(await refusal(program, 'a')).toMatch(
      /no NATS server can be reached.*nats-server with -js/,
    );
  });

  it('a server that is too old', async () => {
    const old: Server = createServer((socket) => {
      socket.write(
        'INFO {"server_id":"A","version":"2.8.4","proto":1,"max_payload":1048576,"headers":true}\r\n',
      );
      socket.on('data', () => socket.write('PONG\r\n'));
      socket.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => old.once('listening', resolve));
    try {
      const { port } = old.address() as AddressInfo;
      const program = node('a', 'recorder,api', { BUS_URL: `nats://127.0.0.1:${port}` });
      expect(await refusal(program, 'a')).toMatch(/version 2\.8\.4; 2\.9\.4 or newer is needed/);
    } finally {
      old.close();
    }
  });

  it('a server without JetStream', async () => {
    const { url } = await nats([]);
    const said = await refusal(node('a', 'recorder,api', { BUS_URL: url }), 'a');
    expect(said).toMatch(/has no JetStream.*start it with -js/);
  });

  it('three servers of which one has no JetStream', async () => {
    const routes = await Promise.all(
      [1, 2, 3].map(async () => `nats://127.0.0.1:${await freePort()}`),
    );
    const starting = routes.map((route, i) => {
      const others = routes.filter((other) => other !== route).join(',');
      const joined = ['--cluster_name', 'c', '--cluster', route, '--routes', others];
      return nats([...(i === 0 ? [] : ['-js']), '-n', `n${i}`, ...joined]);
    });
    const addresses = (await Promise.all(starting)).map(({ address }) => address);
    const said = await refusal(
      node('a', 'recorder,api', { BUS_URL: `nats://${addresses.join(',')}` }),
      'a',
    );
    expect(said).toMatch(/not all NATS servers at .* run with JetStream .*start each with -js/);
  });

  it('a user without the right to use JetStream, and one with a wrong password', async () => {
    const file = join(folder.path, 'nats.conf');
    writeFileSync(
      file,
      `jetstream: {}
       authorization { users: [ { user: a, password: b, permissions: { publish: { deny: ["$JS.>"] } } } ] }`,
    );
    const { url } = await nats(['-js', '-c', file]);
    const denied = node('a', 'recorder,api', { BUS_URL: url.replace('//', '//a:b@') });
    expect(await refusal(denied, 'a')).toMatch(/may not use JetStream.*\$JS\.API/);
    const unknown = node('c', 'recorder,api', { BUS_URL: url.replace('//', '//a:wrong@') });
    expect(await refusal(unknown, 'c')).toMatch(/refuses the user or password/);
  });

  it('a recorder and an API node apart on SQLite files, and two recorders on two', async () => {
    const { url } = await nats();
    for (const role of ['recorder', 'api', 'collector,api'])
      expect(await refusal(node('a', role, { BUS_URL: url }), 'a')).toMatch(
        /set DATABASE_URL=postgresql/,
      );
    const first = node('b', 'recorder,api', { BUS_URL: url });
    await first.url();
    const second = await refusal(node('c', 'recorder,api', { BUS_URL: url }), 'c');
    expect(second).toMatch(/node b stores the log of this bus in .*b\.db/);
  });

  it('a log that was removed under the nodes, which begins again above the stored numbers', async () => {
    const { url } = await nats();
    const first = node('a', 'recorder,api', { BUS_URL: url });
    await first.url();
    const bus = await BusConnection.open(parseBusAddress(url)!, 'test');
    await bus.manager.streams.delete('ORDERBOOK_LOG');
    await first.gone();
    expect(first.code).toBe(1);
    expect(first.output).toMatch(
      /ORDERBOOK_LOG was deleted while this node was running; start it again/,
    );
    // Made again by another cluster, it is not the one that the database was filled from.
    await node('z', 'recorder,api', { BUS_URL: url }).url();
    await running.at(-1)!.end();
    const other = node('a', 'recorder,api', { BUS_URL: url });
    await other.gone();
    expect(other.output).toMatch(/was filled from another log than the one at nats:/);
    await bus.manager.streams.delete('ORDERBOOK_LOG');
    await bus.close();
    await node('a', 'recorder,api', { BUS_URL: url }).url();
  });

  needs('postgres').it(
    'two clusters on one database, and nodes of one cluster on two',
    async () => {
      const postgres = await PostgresServer.start();
      try {
        const DATABASE_URL = await postgres.database();
        const [one, two] = [await nats(), await nats()];
        const first = node('a', 'recorder,api', { BUS_URL: one.url, DATABASE_URL });
        await first.url();
        const other = await refusal(node('b', 'recorder', { BUS_URL: two.url, DATABASE_URL }), 'b');
        expect(other).toMatch(/recorder of another cluster has this database open/);
        const alone = node('c', 'all', { DATABASE_URL });
        expect(await refusal(alone, 'c')).toMatch(/another process is already recording into/);
        const elsewhere = await postgres.database();
        const apart = { BUS_URL: one.url, DATABASE_URL: elsewhere };
        expect(await refusal(node('d', 'recorder', apart), 'd')).toMatch(
          /node a stores the log of .* in another database/,
        );
        expect(
          await postgres.query(elsewhere, `SELECT 1 FROM pg_tables WHERE tablename = 'book'`),
        ).toEqual([]);
        const reads = { BUS_URL: two.url, DATABASE_URL };
        const maker = node('e', 'recorder,api', { BUS_URL: two.url });
        await maker.url();
        expect(await refusal(node('f', 'api', reads), 'f')).toMatch(
          /is not filled from the log at/,
        );
      } finally {
        for (const program of running) await program.end('SIGKILL');
        await postgres.close();
      }
    },
  );
});
