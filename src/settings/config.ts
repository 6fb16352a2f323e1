import { isIP } from 'node:net';
import { type ApiLimits, limitsFrom } from './api-limits.js';
import { EXCHANGES, type Exchange } from '../market/exchange.js';
import { type CollectPattern, parseCollect } from '../market/collect-pattern.js';
import { LOG_LEVELS, type LogLevel } from '../market/log-record.js';
import { resembledSetting } from './setting-names.js';
import { dbPathProblem, logPathProblem } from './setting-paths.js';
import { readSettingsFile } from './settings-file.js';

/** Addresses of an exchange. */
export interface ExchangeUrls {
  /** Whole WebSocket URL with path. */
  readonly wsUrl: string;
  /** REST base without trailing slash. */
  readonly restUrl: string;
}

/** All settings, checked and typed. Times are ms. */
export interface Config {
  readonly dbPath: string;
  readonly logPath: string;
  readonly gopaxKeys: { readonly apiKey: string; readonly secretKey: string } | null;
  readonly host: string;
  readonly port: number;
  readonly apiToken: string | null;
  /** Further `Host` names to answer to, in lower case. */
  readonly allowedHosts: readonly string[];
  /** Origins of other sites whose pages may use the API, as browsers write them. */
  readonly corsOrigins: readonly string[];
  readonly limits: ApiLimits;
  /** A client that takes nothing of what is sent to it for so long is cut off. */
  readonly readerIdleMs: number;
  readonly collect: readonly CollectPattern[];
  readonly urls: Readonly<Record<Exchange, ExchangeUrls>>;
  readonly bithumbTransport: 'rest' | 'ws';
  readonly bithumbPollMs: number;
  /** Time between two fetches of an exchange's market list. */
  readonly marketsRefreshMs: number;
  /** Time between two audits of an exchange's books by REST; 0 = none. */
  readonly auditEveryMs: number;
  /** Levels a side recorded and served; 0 = all. */
  readonly storeDepth: number;
  readonly snapshotEveryMs: number;
  /** How long books gather before they are written. */
  readonly flushMs: number;
  /** 0 keeps all. */
  readonly retentionDays: number;
  /** Bytes that the database may reach on disk; 0 = no bound. */
  readonly maxDbBytes: number;
  /** Days that log files and log records are kept; 0 keeps all. */
  readonly logKeepDays: number;
  /** Bytes that all log files may reach; 0 = no bound. */
  readonly maxLogBytes: number;
  readonly logLevel: LogLevel;
  readonly logLang: 'ko' | 'en';
}

/**
 * The exchanges' own addresses, from the `endpoint` facts in docs/exchanges (Korbit: the hosts
 * after its
 * renaming to Digital X).
 */
export const DEFAULT_URLS: Readonly<Record<Exchange, ExchangeUrls>> = {
  UPBIT: { wsUrl: 'wss://api.upbit.com/websocket/v1', restUrl: 'https://api.upbit.com' },
  BITHUMB: { wsUrl: 'wss://ws-api.bithumb.com/websocket/v1', restUrl: 'https://api.bithumb.com' },
  COINONE: { wsUrl: 'wss://stream.coinone.co.kr', restUrl: 'https://api.coinone.co.kr' },
  KORBIT: {
    wsUrl: 'wss://ws-api.digitalx.miraeasset.com/v2/public',
    restUrl: 'https://api.digitalx.miraeasset.com',
  },
  GOPAX: { wsUrl: 'wss://wsapi.gopax.co.kr', restUrl: 'https://api.gopax.co.kr' },
};

/** All that is wrong with the settings, one line each. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
  }
}

/** Whether an address given as `HOST` is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

const DEFAULT_DB_PATH = './data/orderbook.db';

/**
 * The database that a command reads: `DB_PATH` as {@link readConfig} has it, whatever else is set.
 * @throws {ConfigError} when it names none
 */
export function readDbPath(env: Readonly<Record<string, string | undefined>>): string {
  const path = env['DB_PATH']?.trim() || DEFAULT_DB_PATH;
  const problem = dbPathProblem(path);
  if (problem !== null) throw new ConfigError([problem]);
  return path;
}

/**
 * Reads the settings from environment variables (the table in README.md). A variable set to empty
 * text means
 * its default, except `COLLECT`, where empty means to collect nothing.
 * @throws {ConfigError} naming every mistake at once, each with what would be right.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];

  const text = (name: string, fallback: string): string => {
    const value = env[name]?.trim();
    return value === undefined || value === '' ? fallback : value;
  };
  const bad = (name: string, was: string, right: string): void => {
    problems.push(`${name} is ${JSON.stringify(was)}; it must be ${right}`);
  };
  const integer = (
    name: string,
    fallback: number,
    least: number,
    most: number,
    unit: string,
  ): number => {
    const value = text(name, String(fallback));
    const number = /^\d{1,15}$/.test(value) ? Number.parseInt(value, 10) : Number.NaN;
    if (number >= least && number <= most) return number;
    bad(name, value, `a whole number${unit} from ${least} to ${most}, for example ${fallback}`);
    return fallback;
  };
  /** Bytes out of a decimal number of GB (10^9 bytes); 0 stands for no bound. */
  const gigabytes = (name: string, fallback: string, least: number, most: number): number => {
    const value = text(name, fallback);
    const number = /^\d{1,9}(\.\d{1,9})?$/.test(value) ? Number.parseFloat(value) : Number.NaN;
    if (number === 0 || (number >= least && number <= most)) return Math.round(number * 1e9);
    bad(name, value, `0 for no bound, or a number of GB from ${least} to ${most}, for example 20`);
    return 0;
  };
  const choice = <T extends string>(name: string, fallback: T, choices: readonly T[]): T => {
    const value = text(name, fallback).toLowerCase();
    const found = choices.find((c) => c === value);
    if (found === undefined) bad(name, value, `one of ${choices.join(', ')}`);
    return found ?? fallback;
  };
  const url = (name: string, fallback: string, protocols: readonly string[]): string => {
    const value = text(name, fallback);
    const parsed = URL.canParse(value) ? new URL(value) : null;
    if (parsed !== null && protocols.includes(parsed.protocol)) {
      if (parsed.username !== '' || parsed.password !== '' || parsed.hash !== '') {
        // The value is not repeated: it may hold a password.
        problems.push(`${name} has a user name, a password or a #fragment; write it without`);
        return fallback;
      }
      return protocols[0]!.startsWith('http') ? value.replace(/\/+$/, '') : value;
    }
    bad(name, value, `a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`);
    return fallback;
  };

  const urls = Object.fromEntries(
    EXCHANGES.map((exchange) => [
      exchange,
      {
        wsUrl: url(`${exchange}_WS_URL`, DEFAULT_URLS[exchange].wsUrl, ['wss:', 'ws:']),
        restUrl: url(`${exchange}_REST_URL`, DEFAULT_URLS[exchange].restUrl, ['https:', 'http:']),
      },
    ]),
  ) as Record<Exchange, ExchangeUrls>;

  let collect: readonly CollectPattern[] = [];
  const wanted = parseCollect(env['COLLECT'] ?? 'BTC-KRW');
  if (wanted.ok) collect = wanted.patterns;
  else for (const problem of wanted.problems) problems.push(`COLLECT: ${problem}`);

  const apiKey = text('GOPAX_API_KEY', '');
  const secretKey = text('GOPAX_SECRET_KEY', '');
  if ((apiKey === '') !== (secretKey === '')) {
    problems.push(
      `${apiKey === '' ? 'GOPAX_API_KEY' : 'GOPAX_SECRET_KEY'} is empty while the other GOPAX key is set; set both to sign the connection, or neither`,
    );
  } else if (secretKey !== '' && !/^[A-Za-z0-9+/]+={0,2}$/.test(secretKey)) {
    // The value itself is a secret and is not repeated.
    problems.push('GOPAX_SECRET_KEY is not base64 text; copy the secret key as GOPAX shows it');
  }

  const host = text('HOST', '127.0.0.1');
  if (/\s|\/|:\d+$/.test(host) && !/^[0-9a-f:]+$/i.test(host)) {
    bad('HOST', host, 'a host name or an IP address without a port, for example 127.0.0.1');
  }
  const apiToken = text('API_TOKEN', '');
  if (!isLoopback(host) && apiToken === '') {
    problems.push(
      `HOST is ${JSON.stringify(host)}, which others can reach; set API_TOKEN too, or use 127.0.0.1`,
    );
  }

  // The value itself is a secret and is not repeated.
  if (!/^[\x21-\x7e]*$/.test(apiToken)) {
    problems.push(
      'API_TOKEN has blanks or characters that a header cannot carry; use printable ASCII without blanks, for example what "openssl rand -hex 32" prints',
    );
  }
  const dbPath = text('DB_PATH', DEFAULT_DB_PATH);
  const logPath = text('LOG_PATH', './logs');
  problems.push(...[dbPathProblem(dbPath), logPathProblem(logPath)].filter((p) => p !== null));
  const list = (name: string): string[] =>
    text(name, '')
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
  const allowedHosts = list('ALLOWED_HOSTS').map((name) => name.toLowerCase().replace(/\.$/, ''));
  for (const name of allowedHosts) {
    if (isIP(name) !== 0 || /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name)) continue;
    problems.push(
      `ALLOWED_HOSTS has ${JSON.stringify(name)}; it must be a comma list of host names without scheme, port and *, for example books.example.com`,
    );
  }
  const corsOrigins = list('CORS_ORIGINS');
  for (const origin of corsOrigins) {
    if (origin === '*') {
      problems.push(
        'CORS_ORIGINS is "*", which would let every page that any browser here opens use this server; list the origins that may',
      );
    } else if (
      !/^https?:/.test(origin) ||
      !URL.canParse(origin) ||
      new URL(origin).origin !== origin
    ) {
      problems.push(
        `CORS_ORIGINS has ${JSON.stringify(origin)}; it must be a comma list of origins as browsers write them, scheme://host or scheme://host:port in lower case, without path and without the scheme's own port, for example https://books.example.com`,
      );
    }
  }

  const config: Config = {
    dbPath,
    logPath,
    gopaxKeys: apiKey === '' ? null : { apiKey, secretKey },
    host,
    port: integer('PORT', 4000, 0, 65535, ''),
    apiToken: apiToken === '' ? null : apiToken,
    allowedHosts,
    corsOrigins,
    limits: limitsFrom(({ variable, fallback, least, most, unit }) =>
      integer(variable, fallback, least, most, unit),
    ),
    readerIdleMs: integer('READER_IDLE_MS', 60_000, 1_000, 3_600_000, ' of milliseconds'),
    collect,
    urls,
    bithumbTransport: choice('BITHUMB_TRANSPORT', 'rest', ['rest', 'ws']),
    bithumbPollMs: integer('BITHUMB_POLL_MS', 100, 10, 3_600_000, ' of milliseconds'),
    marketsRefreshMs: integer(
      'MARKETS_REFRESH_MS',
      3_600_000,
      1000,
      86_400_000,
      ' of milliseconds',
    ),
    auditEveryMs: integer('AUDIT_EVERY_MS', 10_000, 0, 86_400_000, ' of milliseconds'),
    storeDepth: integer('STORE_DEPTH', 0, 0, 100_000, ' of levels a side'),
    snapshotEveryMs: integer('SNAPSHOT_EVERY_MS', 60_000, 0, 86_400_000, ' of milliseconds'),
    flushMs: integer('FLUSH_MS', 100, 1, 60_000, ' of milliseconds'),
    retentionDays: integer('RETENTION_DAYS', 0, 0, 36_500, ' of days'),
    maxDbBytes: gigabytes('MAX_DB_GB', '0', 0.1, 1_000_000),
    logKeepDays: integer('LOG_KEEP_DAYS', 30, 0, 36_500, ' of days'),
    maxLogBytes: gigabytes('MAX_LOG_GB', '1', 0.01, 1_000_000),
    logLevel: choice('LOG_LEVEL', 'info', LOG_LEVELS),
    logLang: choice('LOG_LANG', 'ko', ['ko', 'en']),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Edits between a name and the setting that it was meant to be: in our own file, and elsewhere. */
const EDITS_IN_FILE = 2;
const EDITS_IN_ENVIRONMENT = 1;

/** The file of settings, in the working folder. */
const SETTINGS_FILE = '.env';

/** The names of all settings: those that {@link readConfig} asks for. */
export function settingNames(): ReadonlySet<string> {
  const names = new Set<string>();
  const asked = new Proxy<Record<string, string>>(
    {},
    {
      get: (_, name) => {
        names.add(String(name));
        return undefined;
      },
    },
  );
  readConfig(asked);
  return names;
}

/**
 * The first thing of every command: loads `.env` of the working folder, when there is one, into
 * `process.env`, where variables that are set win, and names on standard error each variable that is
 * no setting and looks like one.
 * @throws {ConfigError} when the file cannot be used as it is
 */
export function loadSettings(): void {
  const { values, problems } = readSettingsFile(SETTINGS_FILE);
  if (problems.length > 0) throw new ConfigError(problems);
  const names = settingNames();
  const warn = (name: string, where: string, most: number): void => {
    const meant = resembledSetting(name, names, most);
    if (meant === null) return;
    process.stderr.write(
      `${name} in ${where} is no setting and has no effect; did you mean ${meant}?\n`,
    );
  };
  for (const name of Object.keys(process.env)) warn(name, 'the environment', EDITS_IN_ENVIRONMENT);
  for (const [name, value] of Object.entries(values)) {
    warn(name, SETTINGS_FILE, EDITS_IN_FILE);
    process.env[name] ??= value;
  }
}
