import { afterEach, describe, expect, it } from '@jest/globals';
import { allLive, type Recorder, startRecorder } from '../helpers/recorder.js';
import { eventually, until } from '../helpers/wait.js';

let recorder: Recorder;
afterEach(() => recorder.close());

const state = (key: string): string | undefined => recorder.status(key)?.state;
const mutate = <T>(text: string): Promise<T> => recorder.query<T>(`mutation { ${text} }`);
const states = (): string[] =>
  recorder.app.supervisor
    .collectors()
    .filter((status) => status.state !== 'STOPPED')
    .map(({ market }) => `${market.exchange}:${market.symbol}-${market.currency}`)
    .sort();
const wishes = async () =>
  (
    await recorder.query<{ collectorWishes: unknown[] }>(
      '{ collectorWishes { kind exchange symbol currency } }',
    )
  ).collectorWishes;

describe('a stop', () => {
  it('of a market, by its name or by a pattern, is forgotten: COLLECT decides again', async () => {
    recorder = await startRecorder(
      { pairs: ['BTC-KRW', 'ETH-KRW'] },
      { COLLECT: 'UPBIT:BTC-KRW,UPBIT:ETH-KRW' },
    );
    await allLive(recorder);
    await mutate('stopCollectors(pattern: "*-KRW") { state }');
    await mutate('startCollector(exchange: KORBIT) { state }');
    expect(states()).toEqual(['KORBIT:BTC-KRW']);
    const answer = await mutate<{ resetCollector: unknown }>(
      'resetCollector(exchange: UPBIT) { symbol state }',
    );
    expect(answer.resetCollector).toEqual({ symbol: 'BTC', state: 'STARTING' });
    expect(states()).toEqual(['KORBIT:BTC-KRW', 'UPBIT:BTC-KRW']);
    await mutate('resetCollector(exchange: KORBIT) { state }');
    expect(states()).toEqual(['UPBIT:BTC-KRW']);
    expect(await wishes()).toMatchObject([
      { kind: 'STOP', exchange: null, currency: 'KRW' },
      { kind: 'COLLECT', exchange: 'UPBIT', symbol: 'BTC' },
      { kind: 'COLLECT', exchange: 'KORBIT', symbol: 'BTC' },
    ]);
    await recorder.restart();
    await until(() => state('UPBIT:BTC-KRW') === 'LIVE', 'BTC live');
    expect(states()).toEqual(['UPBIT:BTC-KRW']);
    await expect(
      mutate('resetCollector(exchange: UPBIT, symbol: "NOPE") { state }'),
    ).rejects.toThrow(/UNKNOWN_MARKET/);
  });

  it('of an exchange is forgotten with all that was said about its markets', async () => {
    recorder = await startRecorder(
      { pairs: ['BTC-KRW', 'ETH-KRW'] },
      { COLLECT: 'UPBIT:*-KRW,KORBIT:BTC-KRW' },
    );
    await allLive(recorder);
    await mutate('stopCollectors(pattern: "*-*") { state }');
    await mutate('stopExchange(exchange: UPBIT) { state }');
    expect(await wishes()).toEqual([
      { kind: 'STOP', exchange: null, symbol: null, currency: null },
      { kind: 'STOP', exchange: 'UPBIT', symbol: null, currency: null },
    ]);
    await mutate('resetExchange(exchange: UPBIT) { state }');
    await until(() => state('UPBIT:ETH-KRW') === 'LIVE', 'ETH live');
    await mutate('startCollectors(pattern: "*-*") { state }');
    await mutate('resetExchange(exchange: UPBIT) { state }');
    await mutate('stopCollectors(pattern: "*-*") { state }');
    await mutate('resetExchange(exchange: UPBIT) { state }');
    await until(() => state('UPBIT:ETH-KRW') === 'LIVE', 'ETH live after all');
    // The pattern was about the others, too: for them it stands.
    expect(states()).toEqual(['UPBIT:BTC-KRW', 'UPBIT:ETH-KRW']);
    await recorder.restart();
    await until(() => state('UPBIT:ETH-KRW') === 'LIVE', 'ETH live again');
    expect(states()).toEqual(['UPBIT:BTC-KRW', 'UPBIT:ETH-KRW']);
  });

  it('of everything is undone exactly by its restore point, also after a restart', async () => {
    recorder = await startRecorder(
      { pairs: ['BTC-KRW', 'ETH-KRW', 'XRP-KRW'] },
      { COLLECT: 'UPBIT:*-KRW,KORBIT:BTC-KRW' },
    );
    await allLive(recorder);
    await mutate('stopCollector(exchange: UPBIT, symbol: "ETH") { state }');
    await mutate('startCollectors(pattern: "COINONE:XRP-*") { state }');
    await mutate('stopExchange(exchange: KORBIT) { state }');
    const before = states();
    const kept = await wishes();
    const { restorePoint } = await recorder.query<{ restorePoint: string }>('{ restorePoint }');
    await mutate('stopCollectors(pattern: "*-*") { state }');
    await mutate('stopExchange(exchange: UPBIT) { state }');
    const { collectors } = await recorder.query<{
      collectors: { stoppedByUser: boolean; wish: string | null }[];
    }>('{ collectors { stoppedByUser wish } }');
    expect(collectors.every((c) => c.stoppedByUser && c.wish === 'STOP')).toBe(true);
    const health = (await (await fetch(`${recorder.app.url}/health`)).json()) as object;
    expect(health).toMatchObject({
      state: 'ATTENTION',
      verdict: [{ code: 'NOTHING_RECORDED' }, { code: 'STOPPED_BY_USER' }, {}],
    });
    expect(states()).toEqual([]);
    await recorder.restart();
    await mutate(`restoreCollectors(point: "${restorePoint}") { state }`);
    expect(states()).toEqual(before);
    expect(await wishes()).toEqual(kept);
    await until(() => state('COINONE:XRP-KRW') === 'LIVE', 'XRP live');
    for (const point of ['', 'nonsense', restorePoint.slice(3)]) {
      await expect(mutate(`restoreCollectors(point: "${point}") { state }`)).rejects.toThrow(
        /point: must be a text returned by restorePoint.*BAD_USER_INPUT/,
      );
    }
    expect(states()).toEqual(before);
  });

  it('that outranks COLLECT is said at the next start', async () => {
    recorder = await startRecorder({ pairs: ['BTC-KRW', 'ETH-KRW'] }, { COLLECT: 'UPBIT:*-KRW' });
    await allLive(recorder);
    await mutate('stopCollector(exchange: UPBIT, symbol: "ETH") { state }');
    await mutate('startCollector(exchange: KORBIT) { state }');
    await recorder.restart();
    await recorder.app.tried;
    interface Logs {
      logs: { edges: { node: { message: string; ko: string; en: string } }[] };
    }
    const { logs } = await eventually(
      () =>
        recorder.query<Logs>(
          '{ logs(event: "WISHES_OUTRANK_COLLECT") { edges { node { message ko: message(lang: KO) en: message(lang: EN) } } } }',
        ),
      (answer) => answer.logs.edges.length > 0,
      'the line',
    );
    expect(logs.edges).toHaveLength(1);
    // The text is made when it is read, out of the database.
    expect(logs.edges[0]!.node.en).toMatch(
      /outrank COLLECT; 1 stopped: UPBIT:ETH-KRW; 1 recorded in addition: KORBIT:BTC-KRW/,
    );
    expect(logs.edges[0]!.node.ko).toMatch(/중지 1개: UPBIT:ETH-KRW; 추가 수집 1개/);
    expect(logs.edges[0]!.node.message).toMatch(/1.*UPBIT:ETH-KRW.*1.*KORBIT:BTC-KRW/);
  });
});
