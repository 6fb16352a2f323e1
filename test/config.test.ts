import { describe, expect, it } from '@jest/globals';
import type { ConfigError } from '../src/settings/config.js';
import { DEFAULT_LIMITS, readConfig } from '../src/settings/config.js';
import { ALL_SETTINGS, LIMIT_SETTINGS } from '../src/settings/table.js';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

function problems(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    return (error as ConfigError).problems;
  }
  return [];
}

const DEFAULT_URLS = {
  UPBIT: { wsUrl: 'wss://api.upbit.com/websocket/v1', restUrl: 'https://api.upbit.com' },
  BITHUMB: { wsUrl: 'wss://ws-api.bithumb.com/websocket/v1', restUrl: 'https://api.bithumb.com' },
  COINONE: { wsUrl: 'wss://stream.coinone.co.kr', restUrl: 'https://api.coinone.co.kr' },
  KORBIT: {
    wsUrl: 'wss://ws-api.digitalx.miraeasset.com/v2/public',
    restUrl: 'https://api.digitalx.miraeasset.com',
  },
  GOPAX: { wsUrl: 'wss://wsapi.gopax.co.kr', restUrl: 'https://api.gopax.co.kr' },
};

describe('readConfig', () => {
  it.each([
    ['trade', ['trade']],
    [' Trade , ORDERBOOK,trade', ['orderbook', 'trade']],
    ['', ['orderbook']],
  ])('reads CHANNELS %j', (text, channels) => {
    expect(readConfig({ CHANNELS: text }).channels).toEqual(channels);
  });

  it.each(['book', 'orderbook;trade', ',', 'trades'])('refuses CHANNELS %j in one line', (text) => {
    expect(() => readConfig({ CHANNELS: text })).toThrow(
      /^[^\n]*CHANNELS[^\n]*must be a comma list of orderbook, trade, for example orderbook,trade$/,
    );
  });

  it('has the defaults of the contract', () => {
    expect(readConfig({})).toEqual({
      channels: ['orderbook'],
      dbPath: './data/orderbook.db',
      databaseUrl: null,
      logPath: './logs',
      gopaxKeys: null,
      host: '127.0.0.1',
      port: 4000,
      apiToken: null,
      allowedHosts: [],
      corsOrigins: [],
      readerIdleMs: 60_000,
      limits: DEFAULT_LIMITS,
      collect: [{ exchange: null, symbol: 'BTC', currency: 'KRW' }],
      urls: DEFAULT_URLS,
      bithumbTransport: 'rest',
      bithumbPollMs: 100,
      marketsRefreshMs: 3_600_000,
      auditEveryMs: 10_000,
      storeDepth: 0,
      snapshotEveryMs: 60_000,
      flushMs: 100,
      retentionDays: 0,
      maxDbBytes: 0,
      archivePath: '',
      archiveAfterDays: 1,
      logKeepDays: 30,
      maxLogBytes: 1_000_000_000,
      logLevel: 'info',
      logLang: 'ko',
      logFormat: 'text',
      metricsMarkets: false,
      alertWebhookUrl: null,
      busUrl: null,
      busBytes: 4_000_000_000,
      roles: new Set(['collector', 'recorder', 'api']),
      nodeName: expect.stringMatching(new RegExp(`-${process.pid}$`)) as unknown as string,
    });
  });

  it('takes empty text as the default, but collects nothing when COLLECT is empty', () => {
    const config = readConfig({ PORT: '', COLLECT: '', LOG_LANG: '', UPBIT_WS_URL: '' });
    expect(config.port).toBe(4000);
    expect(config.collect).toEqual([]);
    expect(config.urls.UPBIT).toEqual(DEFAULT_URLS.UPBIT);
  });

  it('reads patterns of any case', () => {
    expect(readConfig({ COLLECT: 'upbit:btc-krw, *-KRW,gopax:*-*' }).collect).toEqual([
      { exchange: 'UPBIT', symbol: 'BTC', currency: 'KRW' },
      { exchange: null, symbol: null, currency: 'KRW' },
      { exchange: 'GOPAX', symbol: null, currency: null },
    ]);
  });

  it('reports every mistake at once, each with what would be right', () => {
    const found = problems({
      PORT: '99999',
      BITHUMB_TRANSPORT: 'udp',
      COLLECT: 'BTCKRW,BINANCE:BTC-KRW',
      UPBIT_WS_URL: 'https://x',
      STORE_DEPTH: '-1',
      GOPAX_API_KEY: 'k',
      HOST: '0.0.0.0',
      LOG_LANG: 'jp',
      SNAPSHOT_EVERY_MS: '1e3',
    });
    expect(found).toHaveLength(10);
    expect(found.join('\n')).toMatch(/PORT is "99999"; it must be a whole number from 0 to 65535/);
    expect(found.join('\n')).toMatch(/BITHUMB_TRANSPORT is "udp"; it must be one of rest, ws/);
    expect(found.join('\n')).toMatch(
      /"BTCKRW" is not a market; write \[EXCHANGE:\]SYMBOL-CURRENCY/,
    );
    expect(found.join('\n')).toMatch(/BINANCE.*BITHUMB, COINONE, GOPAX, KORBIT, UPBIT/);
    expect(found.join('\n')).toMatch(/UPBIT_WS_URL.*wss:\/\/ or ws:\/\//);
    expect(found.join('\n')).toMatch(/set both to sign the connection, or neither/);
    expect(found.join('\n')).toMatch(/set API_TOKEN too, or use 127.0.0.1/);
  });

  it('takes 0 and 1 for what is off or on', () => {
    expect(readConfig({ METRICS_MARKETS: '1' }).metricsMarkets).toBe(true);
    expect(readConfig({ METRICS_MARKETS: '0' }).metricsMarkets).toBe(false);
    expect(problems({ METRICS_MARKETS: 'yes' })).toEqual([
      'METRICS_MARKETS is "yes"; it must be 0 or 1',
    ]);
    expect(problems({ LOG_FORMAT: 'xml' })).toEqual([
      'LOG_FORMAT is "xml"; it must be one of text, json',
    ]);
  });

  it('reads the largest size in GB of 10^9 bytes, with decimals', () => {
    const bytes = (text: string): number => readConfig({ MAX_DB_GB: text }).maxDbBytes;
    expect(['0', '0.0', '0.5', '0.1', '200', '1.25'].map(bytes)).toEqual([
      0, 0, 5e8, 1e8, 2e11, 1.25e9,
    ]);
    for (const wrong of ['0.01', '-1', '5GB', '1e3', '2000000', '.5']) {
      expect(problems({ MAX_DB_GB: wrong }).join()).toBe(
        `MAX_DB_GB is "${wrong}"; it must be 0 for unlimited, or a number of GB from 0.1 to 1000000, for example 20`,
      );
    }
  });

  it('refuses addresses with a password or a fragment, without repeating them', () => {
    const found = problems({
      UPBIT_REST_URL: 'https://user:geheim@h',
      UPBIT_WS_URL: 'ws://h/x#y',
    });
    expect(found).toHaveLength(2);
    expect(found.join()).not.toContain('geheim');
  });

  it('never repeats a secret', () => {
    const found = problems({ GOPAX_API_KEY: 'k', GOPAX_SECRET_KEY: 'not base64!' });
    expect(found).toHaveLength(1);
    expect(found[0]).not.toContain('not base64!');
  });

  it('takes the address of a webhook, and never repeats it', () => {
    const right = 'https://hooks.example/services/T0/B0/geheim?a=b';
    expect(readConfig({ ALERT_WEBHOOK_URL: right }).alertWebhookUrl).toBe(right);
    for (const wrong of [
      'hooks/geheim',
      'ftp://h/geheim',
      'https://u:geheim@h',
      'http://h/#geheim',
    ]) {
      const found = problems({ ALERT_WEBHOOK_URL: wrong });
      expect(found).toHaveLength(1);
      expect(found[0]).not.toContain('geheim');
    }
  });

  it('refuses a token that no header can carry, without repeating it', () => {
    for (const token of ['two words', 'tökén', 'tab\there']) {
      const found = problems({ API_TOKEN: token });
      expect(found).toHaveLength(1);
      expect(found[0]).toContain('printable ASCII');
      expect(found[0]).not.toContain(token);
    }
  });

  it('takes host names and origins, and says what is wrong with others', () => {
    const config = readConfig({
      ALLOWED_HOSTS: 'Books.example.com., 192.168.0.5',
      CORS_ORIGINS: 'https://a.example, http://localhost:3000',
    });
    expect(config.allowedHosts).toEqual(['books.example.com', '192.168.0.5']);
    expect(config.corsOrigins).toEqual(['https://a.example', 'http://localhost:3000']);
    const wrong = [
      '*',
      'a.example',
      'https://a.example/',
      'https://A.example',
      'https://a:443',
      'null',
    ];
    expect(problems({ CORS_ORIGINS: wrong.join(',') })).toHaveLength(wrong.length);
    expect(problems({ CORS_ORIGINS: '*' })[0]).toContain('any web page');
    const names = ['https://a.example', 'a.example:80', '*.example', '*', 'a b'];
    expect(problems({ ALLOWED_HOSTS: names.join(',') })).toHaveLength(names.length);
  });

  it('reads every limit from its variable', () => {
    const settings = Object.values(LIMIT_SETTINGS);
    const env = Object.fromEntries(
      settings.map(({ variable, least }) => [variable, String(least)]),
    );
    const least = Object.fromEntries(
      Object.entries(LIMIT_SETTINGS).map(([name, setting]) => [name, setting.least]),
    );
    expect(readConfig(env).limits).toEqual(least);
    const over = settings.map(({ variable, most }) => [variable, String(most + 1)] as const);
    expect(problems(Object.fromEntries(over))).toHaveLength(settings.length);
  });

  it('lets the network in with a token', () => {
    expect(readConfig({ HOST: '0.0.0.0', API_TOKEN: 't' }).apiToken).toBe('t');
  });

  it('is described by .env.example, variable by variable', () => {
    const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
    const env: Record<string, string> = {};
    for (const [, name, value] of example.matchAll(/^#?([A-Z_]+)=(.*)$/gm)) env[name!] = value!;
    expect(readConfig(env)).toEqual(readConfig({}));
    const names = ALL_SETTINGS.flat().map(({ variable }) => variable);
    expect(Object.keys(env)).toEqual(names);
    expect(new Set(names).size).toBe(names.length);
  });

  it('is told by the documents as the table of settings has it', () => {
    const root = fileURLToPath(new URL('..', import.meta.url));
    const args = ['--import', 'tsx', 'scripts/settings.ts', '--check'];
    expect(() => execFileSync(process.execPath, args, { cwd: root })).not.toThrow();
  });

  it('does not take for its own machine what only looks like it', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'LOCALHOST', 'a.localhost']) {
      expect(problems({ HOST: host })).toEqual([]);
    }
    for (const host of [
      '127.0.0.999',
      '0.0.0.0',
      '::',
      '::ffff:127.0.0.1',
      '127.example.com',
      'localhost.example',
    ]) {
      expect(problems({ HOST: host })).toHaveLength(1);
    }
  });
});
