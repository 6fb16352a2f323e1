import { afterEach, describe, expect, it } from '@jest/globals';
import { allLive, logged, type Recorder, startRecorder } from '../helpers/recorder.js';
import { until } from '../helpers/wait.js';

interface State {
  orderbook: { exchangeTimestamp: string | null; bestAsk: { price: string } | null };
  collectors: { books: string; lateBooks: string; doubtedTimes: string; parseFailures: string }[];
  exchanges: { unaskedBooks: string }[];
}

const QUESTION = `{
  orderbook(exchange: UPBIT) { exchangeTimestamp bestAsk { price } }
  collectors(exchange: UPBIT) { books lateBooks doubtedTimes parseFailures }
  exchanges(exchange: UPBIT) { unaskedBooks }
}`;

let recorder: Recorder;
afterEach(() => recorder.close());

async function start(): Promise<void> {
  recorder = await startRecorder({}, { COLLECT: 'UPBIT:BTC-KRW' });
  await allLive(recorder);
}

/** Sends a book with that time (JSON text) and ask price, and waits until it was counted. */
async function send(time: string | undefined, ask: number, code = 'KRW-BTC'): Promise<void> {
  const before = recorder.status('UPBIT:BTC-KRW')!.books;
  const member = time === undefined ? '' : `"timestamp":${time},`;
  recorder.simulators.upbit.faults.sendRaw(
    `{"type":"orderbook","code":"${code}",${member}"orderbook_units":[{"ask_price":${ask},"bid_price":1,"ask_size":1,"bid_size":1}],"stream_type":"REALTIME"}`,
    { binary: true },
  );
  if (code !== 'KRW-BTC') return;
  await until(() => recorder.status('UPBIT:BTC-KRW')!.books > before, 'the book');
}

const stateOf = async (): Promise<State> => {
  const { orderbook, collectors, exchanges } = await recorder.query<
    Omit<State, 'exchanges'> & { exchanges: { unaskedBooks: string }[] }
  >(QUESTION.replace('exchanges(exchange: UPBIT)', 'exchanges'));
  return { orderbook, collectors, exchanges };
};

describe('a book whose time is odd', () => {
  it('is kept, with the time where it can be read and believed, and counted where not', async () => {
    await start();
    const now = Date.now() + 1000;
    const iso = new Date(now).toISOString();
    const seconds = Math.floor(now / 1000);
    const cases: [string | undefined, string | null][] = [
      [`${now}123456`, iso],
      [`${now}.638`, iso],
      [`${now / 1e12}E12`, iso],
      [`"${iso}"`, iso],
      [`${seconds + 1}`, new Date((seconds + 1) * 1000).toISOString()],
      ['null', null],
      [undefined, null],
      ['0', null],
      ['"soon"', null],
      ['{"ms":1}', null],
      ['4102444800000', null],
    ];
    let ask = 101;
    for (const [time, expected] of cases) {
      await send(time, ++ask);
      const { orderbook } = await stateOf();
      expect([time, orderbook.bestAsk?.price, orderbook.exchangeTimestamp]).toEqual([
        time,
        String(ask),
        expected,
      ]);
    }
    expect((await stateOf()).collectors[0]).toMatchObject({
      doubtedTimes: '6',
      lateBooks: '0',
      parseFailures: '0',
    });
  });

  it('is kept behind newer ones where the odd form does not show the order', async () => {
    await start();
    const now = Math.ceil(Date.now() / 1000) * 1000 + 900;
    await send(`${now}`, 101);
    const older = [
      `${Math.floor(now / 1000)}`,
      `"${new Date(now - 500).toISOString()}"`,
      `${(now - 400) / 1e12}E12`,
    ];
    for (const [i, time] of older.entries()) {
      await send(time, 102 + i);
      expect((await stateOf()).orderbook.bestAsk!.price).toBe(String(102 + i));
    }
    expect((await stateOf()).collectors[0]).toMatchObject({ lateBooks: '0', doubtedTimes: '0' });
  });

  it('does not replace a newer one', async () => {
    await start();
    const now = Date.now() + 1000;
    await send(`${now + 306}`, 101);
    await send(`${now + 106}`, 201);
    const { orderbook, collectors } = await stateOf();
    expect(orderbook.bestAsk!.price).toBe('101');
    expect(collectors[0]).toMatchObject({ lateBooks: '1' });
    await send(`${now + 307}`, 102);
    expect((await stateOf()).orderbook.bestAsk!.price).toBe('102');
  });
});

it('counts books of markets that were not asked for, and keeps nothing by their names', async () => {
  await start();
  for (let i = 0; i < 1000; i++) await send(`${Date.now()}`, 1, `KRW-X${i}`);
  await send(`${Date.now() + 1000}`, 103);
  const { collectors, exchanges } = await stateOf();
  expect(exchanges.reduce((sum, e) => sum + Number(e.unaskedBooks), 0)).toBe(1000);
  expect(collectors).toHaveLength(1);
});

it('cuts what the exchange says, and logs a burst of it once', async () => {
  await start();
  const { upbit } = recorder.simulators;
  const error = JSON.stringify({ error: { name: 'X', message: 'y'.repeat(1_000_000) } });
  for (let i = 0; i < 50; i++) upbit.faults.sendRaw(error, { binary: true });
  await send(`${Date.now() + 1000}`, 104);
  await until(() => recorder.app.storeStats().queuedBooks === 0, 'all written');
  const errors = await logged(recorder, 'EXCHANGE_ERROR');
  expect(errors).toHaveLength(1);
  expect(errors[0]!.message.length).toBeLessThan(400);
});
