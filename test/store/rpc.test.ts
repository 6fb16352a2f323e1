import { afterEach, describe, expect, it } from '@jest/globals';
import { RpcWorker } from '../../src/store/rpc.js';

/** What rpc-child.mjs offers. */
interface TestService {
  echo(value: unknown): { value: unknown; data: unknown; running: number };
  fail(): void;
  die(): void;
}

const worker = (): RpcWorker<TestService> =>
  new RpcWorker<TestService>(new URL('./rpc-child.mjs', import.meta.url), 'data');
const workers: RpcWorker<TestService>[] = [];

function start(): RpcWorker<TestService> {
  workers.push(worker());
  return workers.at(-1)!;
}

afterEach(async () => {
  await Promise.all(workers.splice(0).map((one) => one.terminate()));
});

describe('RpcWorker', () => {
  it('answers each call, one after the other', async () => {
    const rpc = start();
    const values = [1, 'two', { three: [3] }, null];
    const answers = await Promise.all(values.map((value) => rpc.call('echo', value)));
    expect(answers).toEqual(values.map((value) => ({ value, data: 'data', running: 1 })));
  });

  it('rejects with what the method threw', async () => {
    const rpc = start();
    await expect(rpc.call('fail')).rejects.toMatchObject({
      name: 'StoreError',
      message: 'no luck',
      code: 'SQLITE_FULL',
    });
    expect(await rpc.call('echo', 1)).toMatchObject({ value: 1 });
  });

  it('rejects the calls of a thread that died, and starts a new one for the next', async () => {
    const rpc = start();
    const [died, lost] = await Promise.allSettled([rpc.call('die'), rpc.call('echo', 1)]);
    expect(died).toMatchObject({
      status: 'rejected',
      reason: { message: 'the database thread ended' },
    });
    expect(lost.status).toBe('rejected');
    expect(await rpc.call('echo', 2)).toMatchObject({ value: 2 });
  });

  it('does not begin a call whose caller no longer waits', async () => {
    const rpc = start();
    const past = rpc.callUntil(Date.now() - 1, 'echo', 1);
    await expect(past).rejects.toThrow('the caller no longer waits for it');
    expect(await rpc.callUntil(Date.now() + 60_000, 'echo', 2)).toMatchObject({ value: 2 });
  });

  it('refuses calls once terminated', async () => {
    const rpc = start();
    await rpc.call('echo', 1);
    await rpc.terminate();
    await expect(rpc.call('echo', 2)).rejects.toThrow('the store is closed');
  });
});
