import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { adapters } from '../../src/collector/exchanges/registry.js';
import { RestClient } from '../../src/collector/rest/rest-client.js';
import { parseCollect } from '../../src/market/collect-pattern.js';
import type { Exchange } from '../../src/market/exchange.js';
import { isMarketName, pairText } from '../../src/market/market.js';

let server: Server;
let agent: string | undefined;

async function serve(status: number, body: string, headers = {}): Promise<RestClient> {
  server = createServer((request, response) => {
    agent = request.headers['user-agent'];
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new RestClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 2000);
}

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const ODD = ['{}', 'null', '7', '"x"', '[]'];
const LISTS: readonly (readonly [
  Exchange,
  (symbol: string) => string,
  (rows: string) => string,
])[] = [
  ['UPBIT', (s) => `{"market":"KRW-${s}"}`, (r) => `[${r}]`],
  ['BITHUMB', (s) => `{"market":"KRW-${s}"}`, (r) => `[${r}]`],
  [
    'COINONE',
    (s) => `{"target_currency":"${s}","quote_currency":"KRW"}`,
    (r) => `{"result":"success","markets":[${r}]}`,
  ],
  ['KORBIT', (s) => `{"symbol":"${s.toLowerCase()}_krw"}`, (r) => `{"data":[${r}]}`],
  ['GOPAX', (s) => `{"name":"${s}-KRW"}`, (r) => `[${r}]`],
];

describe.each(LISTS)('the market list of %s', (exchange, row, list) => {
  it('leaves out odd rows and keeps names of any printable letters', async () => {
    const names = ['BTC', '币安人生', 'USDC.e', 'IOST_2', '1INCH'];
    const odd = [...ODD, row(''), row(' X'), row('A,B'), row('A\\u0007'), row('a:b')];
    const rest = await serve(200, list([...odd, ...names.map(row)].join(',')));
    const skipped: string[] = [];
    const markets = await adapters('rest')[exchange].listMarkets(rest, (r) => skipped.push(r));
    expect(markets.map(pairText)).toEqual(names.map((n) => `${n.toUpperCase()}-KRW`));
    expect(skipped).toHaveLength(odd.length);
    // What the names do not give is kept as the exchange wrote it.
    const code = markets[2]!.code ?? '';
    if (exchange !== 'KORBIT') expect(code).toContain('USDC.e');
    expect(markets[0]!.code).toBeUndefined();
  });

  it('is an error when no row can be used', async () => {
    const rest = await serve(200, list('{},null'));
    await expect(adapters('rest')[exchange].listMarkets(rest, () => undefined)).rejects.toThrow(
      /the market list is empty/,
    );
  });
});

describe('REST', () => {
  it('names the program, and a redirect with its place', async () => {
    const rest = await serve(302, '', { location: 'https://example.org/moved' });
    await expect(rest.get('/x')).rejects.toThrow(
      'the exchange answered HTTP 302, a redirect to "https://example.org/moved"; it is not followed',
    );
    expect(agent).toMatch(/^korean-orderbook-recorder\/\d+\.\d+\.\d+( \(\+.+\))?$/);
  });
});

describe('patterns', () => {
  it('name markets of any printable letters, in either case', async () => {
    await serve(200, '');
    const read = parseCollect('upbit:币安人生-krw, usdc.e-KRW, iost_2-*, A-B-KRW');
    expect(read).toMatchObject({
      ok: true,
      patterns: [
        { exchange: 'UPBIT', symbol: '币安人生', currency: 'KRW' },
        { exchange: null, symbol: 'USDC.E', currency: 'KRW' },
        { symbol: 'IOST_2', currency: null },
        { symbol: 'A-B', currency: 'KRW' },
      ],
    });
    for (const bad of ['KRW', 'a b:x-y', '-KRW', 'BTC-', 'B*-KRW', 'A\u0000-KRW'])
      expect(parseCollect(bad).ok).toBe(false);
    expect(isMarketName('A-B', 'currency')).toBe(false);
  });
});

it('keeps a bounded piece of long names, and of what is wrong with a list', async () => {
  const long = 'x'.repeat(1_000_000);
  let rest = await serve(200, `[{"market":"KRW-BTC","korean_name":"${long}","english_name":"B"}]`);
  const [btc] = await adapters('rest').UPBIT.listMarkets(rest, () => undefined);
  expect(btc).toMatchObject({ koreanName: `${'x'.repeat(100)}…`, englishName: 'B' });
  server.close();
  rest = await serve(200, `[{"market":"${long}"}]`);
  const odd: string[] = [];
  const upbit = adapters('rest').UPBIT.listMarkets(rest, (row) => odd.push(row));
  const failure = (await upbit.catch((error: unknown) => error)) as Error;
  expect(failure.message.length).toBeLessThan(500);
  expect(odd[0]!.length).toBeLessThan(500);
  server.close();
  rest = await serve(200, `{"result":"error","error_code":"${long}","error_msg":"${long}"}`);
  const coinone = adapters('rest').COINONE.listMarkets(rest, () => undefined);
  await expect(coinone).rejects.toThrow(/^.{1,600}$/s);
});
