import { hostname } from 'node:os';
import type { Exchange } from '../market/exchange.js';
import { type Role, rolesOf } from '../market/role.js';
import { isLoopback } from '../util/loopback.js';
import type { Kind, Setting, Values } from './kinds.js';
import { resembledSetting } from './setting-names.js';
import { readSettingsFile } from './settings-file.js';
import { ALL_SETTINGS, LIMIT_SETTINGS, SETTINGS, URL_SETTINGS } from './table.js';

/** Addresses of an exchange. */
export type ExchangeUrls = Values<(typeof URL_SETTINGS)[Exchange]>;

/** The API limits, in the units of {@link LIMIT_SETTINGS}. */
export type ApiLimits = Values<typeof LIMIT_SETTINGS>;

/** All settings, checked and typed, as described by {@link SETTINGS}. Times are in ms. */
export interface Config extends Omit<
  Values<typeof SETTINGS>,
  'gopaxApiKey' | 'gopaxSecretKey' | 'roles'
> {
  /** The roles of this process; all of them without a bus. */
  readonly roles: ReadonlySet<Role>;
  readonly gopaxKeys: { readonly apiKey: string; readonly secretKey: string } | null;
  readonly limits: ApiLimits;
  readonly urls: Readonly<Record<Exchange, ExchangeUrls>>;
}

/** Everything wrong with the settings, one line each. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

function readSetting<T>(setting: Setting<Kind<T>>, env: Environment, problems: string[]): T {
  const given = env[setting.variable]?.trim() ?? setting.fallback;
  const text = given === '' && !setting.takesEmpty ? setting.fallback : given;
  return setting.read(text, setting.variable, problems);
}

function readAll<T extends Readonly<Record<string, Setting>>>(
  table: T,
  env: Environment,
  problems: string[],
): Values<T> {
  const entries = Object.entries(table).map(([name, setting]) => [
    name,
    readSetting(setting, env, problems),
  ]);
  return Object.fromEntries(entries) as Values<T>;
}

/** The default limits. */
export const DEFAULT_LIMITS: ApiLimits = readAll(LIMIT_SETTINGS, {}, []);

/** The doctor's settings: where the exchanges are, and where to report what. */
export type DoctorSettings = Pick<Config, 'urls' | 'alertWebhookUrl' | 'logLang' | 'dbPath'>;

/** Reads the doctor's settings only. @throws {ConfigError} naming what is wrong */
export function readDoctorSettings(env: Environment): DoctorSettings {
  const problems: string[] = [];
  const { alertWebhookUrl, logLang, dbPath } = SETTINGS;
  const values = readAll({ alertWebhookUrl, logLang, dbPath }, env, problems);
  const urls = urlsOf(env, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...values, urls };
}

function urlsOf(env: Environment, problems: string[]): Config['urls'] {
  const entries = Object.entries(URL_SETTINGS).map(([name, table]) => [
    name,
    readAll(table, env, problems),
  ]);
  return Object.fromEntries(entries) as Config['urls'];
}

/** Where past data is: the database and the archive. */
export type PastSettings = Pick<
  Config,
  'dbPath' | 'databaseUrl' | 'archivePath' | 'archiveAfterDays'
>;

/** What is wrong with a PostgreSQL address given by the flag or setting `name`, or null. */
export function databaseUrlProblem(address: string, name: string): string | null {
  const problems: string[] = [];
  SETTINGS.databaseUrl.read(address, name, problems);
  return problems[0] ?? null;
}

/** Where the database is: a PostgreSQL address, or the path of an SQLite file. */
export function databaseOf({
  databaseUrl,
  dbPath,
}: Pick<Config, 'dbPath' | 'databaseUrl'>): string {
  return databaseUrl ?? dbPath;
}

/** Reads only the settings of commands that read past data. @throws {ConfigError} */
export function readPastSettings(env: Environment): PastSettings {
  const problems: string[] = [];
  const { dbPath, databaseUrl, archivePath, archiveAfterDays } = SETTINGS;
  const table = { dbPath, databaseUrl, archivePath, archiveAfterDays };
  const past = readAll(table, env, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return past;
}

/**
 * Reads the settings. An empty variable means its default, except for `COLLECT`: nothing.
 * @throws {ConfigError} naming every mistake and what would be right
 */
export function readConfig(env: Environment): Config {
  const problems: string[] = [];
  const { gopaxApiKey, gopaxSecretKey, ...values } = readAll(SETTINGS, env, problems);
  const limits = readAll(LIMIT_SETTINGS, env, problems);
  const urls = urlsOf(env, problems);

  let gopaxKeys: Config['gopaxKeys'] = null;
  if (gopaxApiKey !== null && gopaxSecretKey !== null) {
    gopaxKeys = { apiKey: gopaxApiKey, secretKey: gopaxSecretKey };
  } else if (gopaxApiKey !== gopaxSecretKey) {
    const missing = gopaxApiKey === null ? SETTINGS.gopaxApiKey : SETTINGS.gopaxSecretKey;
    problems.push(
      `${missing.variable} is empty while the other GOPAX key is set; set both to sign the connection, or neither`,
    );
  }
  if (!isLoopback(values.host) && values.apiToken === null) {
    problems.push(
      `HOST is ${JSON.stringify(values.host)}, which others can reach; set API_TOKEN too, or use 127.0.0.1`,
    );
  }
  const roles = rolesOf(values.roles);
  if (values.busUrl === null && !values.roles.includes('all')) {
    const given = values.roles.join(',');
    problems.push(
      `ROLE is "${given}" while BUS_URL is empty; separate roles need BUS_URL, for example nats://127.0.0.1:4222; a single process has ROLE=all`,
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const nodeName = values.nodeName === '' ? `${hostname()}-${process.pid}` : values.nodeName;
  return { ...values, nodeName, roles, gopaxKeys, limits, urls };
}

/** Maximum edit distance between a name and the setting that was meant: in our own file, and elsewhere. */
const EDITS_IN_FILE = 2;
const EDITS_IN_ENVIRONMENT = 1;

/** The settings file, in the working directory. */
const SETTINGS_FILE = '.env';

/**
 * Called first by every command: loads `.env` from the working directory, if there is one, into
 * `process.env`, where variables already set win, and reports on standard error each variable that
 * looks like a setting but is not one.
 * @throws {ConfigError} when the file is unusable
 */
export function loadSettings(): void {
  const { values, problems } = readSettingsFile(SETTINGS_FILE);
  if (problems.length > 0) throw new ConfigError(problems);
  const names = new Set(ALL_SETTINGS.flat().map(({ variable }) => variable));
  const warn = (name: string, where: string, most: number): void => {
    const meant = resembledSetting(name, names, most);
    if (meant === null) return;
    process.stderr.write(
      `${name} in ${where} is not a setting and has no effect; did you mean ${meant}?\n`,
    );
  };
  for (const name of Object.keys(process.env)) warn(name, 'the environment', EDITS_IN_ENVIRONMENT);
  for (const [name, value] of Object.entries(values)) {
    warn(name, SETTINGS_FILE, EDITS_IN_FILE);
    process.env[name] ??= value;
  }
}
