import { describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { RestClient } from '../src/collector/rest/rest-client.js';
import { type ConnectionEnd, WSConnection } from '../src/collector/socket/ws-connection.js';
import { reasonOf } from '../src/util/reason.js';

describe('the reason of a failure', () => {
  it('names each address when several refused, and is never empty', () => {
    const refused = (address: string): Error => new Error(`connect ECONNREFUSED ${address}`);
    const all = new AggregateError([refused('::1:1'), refused('127.0.0.1:1'), refused('::1:1')]);
    expect(reasonOf(all)).toBe('connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1');
    expect(reasonOf(new TypeError('fetch failed', { cause: all }))).toBe(reasonOf(all));
    expect(reasonOf(new Error(''))).toBe('Error');
    expect(reasonOf(Object.assign(new Error(''), { code: 'ECONNRESET' }))).toBe('ECONNRESET');
    expect(reasonOf(new AggregateError([]))).toBe('AggregateError');
    expect(reasonOf('')).not.toBe('');
    expect(reasonOf(undefined)).toBe('undefined');
    const loop = new Error('loop');
    loop.cause = loop;
    expect(reasonOf(loop)).toBe('loop');
  });

  it('is told of a socket and of a REST call to a name with several addresses', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    await new Promise((done) => server.close(done));
    const none = (): void => undefined;
    const end = await new Promise<ConnectionEnd>((ended) => {
      new WSConnection(`ws://localhost:${port}`, 1000, {
        opened: none,
        message: none,
        pulse: none,
        ended: (_, how) => ended(how),
      });
    });
    expect(end.failure?.message).toContain(`ECONNREFUSED 127.0.0.1:${port}`);
    await expect(new RestClient(`http://localhost:${port}`).get('/')).rejects.toThrow(
      `ECONNREFUSED 127.0.0.1:${port}`,
    );
  });
});
