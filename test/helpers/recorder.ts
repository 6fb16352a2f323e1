import { join } from 'node:path';
import { type App, type AppTuning, startApp } from '../../src/app.js';
import { readConfig } from '../../src/settings/config.js';
import {
  type Simulators,
  startSimulators,
  type SimulatorsOptions,
} from '../../src/simulator/simulators.js';
import type { CollectorStatus } from '../../src/market/collector-status.js';
import { marketKey } from '../../src/market/market.js';
import { closeAfterTest } from './at-once.js';
import { shallow } from './simulators.js';
import { eventually, temporaryFolder, until } from './wait.js';

/** The whole program recording the simulated exchanges, in a folder of its own. */
export interface Recorder {
  readonly simulators: Simulators;
  readonly app: App;
  readonly folder: string;
  readonly dbPath: string;
  /** Status of a market, `UPBIT:BTC-KRW`. */
  status(key: string): CollectorStatus | undefined;
  /** Stops the program and starts it again on the same database. */
  restart(env?: Record<string, string>): Promise<void>;
  /** Stops the program only. */
  stop(): Promise<void>;
  /** GraphQL over HTTP; the `data` of the answer. */
  query<T>(query: string, variables?: object): Promise<T>;
  close(): Promise<void>;
}

/**
 * Starts simulators (their books are shallow and stand still unless told otherwise) and the program.
 * @param settings environment of the program, or what makes it once the simulators run
 * @param storeLimits see {@link startApp}
 */
export async function startRecorder(
  options: SimulatorsOptions = {},
  settings: Record<string, string> | ((simulators: Simulators) => Record<string, string>) = {},
  tuning: AppTuning = {},
): Promise<Recorder> {
  const temporary = temporaryFolder();
  const dbPath = join(temporary.path, 'orderbook.db');
  const simulators = await startSimulators({ rate: 0, makeBook: shallow, ...options });
  const env = typeof settings === 'function' ? settings(simulators) : settings;
  const start = (more: Record<string, string>): Promise<App> =>
    startApp(
      readConfig({
        PORT: '0',
        BITHUMB_POLL_MS: '100',
        AUDIT_EVERY_MS: '0',
        DB_PATH: dbPath,
        LOG_PATH: join(temporary.path, 'logs'),
        ...simulators.env,
        ...env,
        ...more,
      }),
      true,
      tuning,
    );
  let app = await start({});
  let running = true;
  const stop = async (): Promise<void> => {
    if (running) await app.close('test');
    running = false;
  };
  return {
    simulators,
    get app() {
      return app;
    },
    folder: temporary.path,
    dbPath,
    status: (key) => app.supervisor.collectors().find((c) => marketKey(c.market) === key),
    stop,
    restart: async (more = {}) => {
      await stop();
      app = await start(more);
      running = true;
    },
    query: async <T>(query: string, variables: object = {}) => {
      const answer = await fetch(`${app.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      const body = (await answer.json()) as { data?: T; errors?: unknown };
      if (body.errors !== undefined) throw new Error(JSON.stringify(body.errors));
      return body.data as T;
    },
    close: async () => {
      await stop();
      await simulators.close();
      temporary.remove();
    },
  };
}

/** {@link startRecorder} for one test of `atOnce`, at whose end it is closed. */
export async function recording(...args: Parameters<typeof startRecorder>): Promise<Recorder> {
  const recorder = await startRecorder(...args);
  closeAfterTest(() => recorder.close());
  return recorder;
}

/** Waits until every collector of the program is LIVE. */
export async function allLive(recorder: Recorder): Promise<void> {
  await recorder.app.tried;
  await until(() => {
    const all = recorder.app.supervisor.collectors();
    return all.length > 0 && all.every((c) => c.state === 'LIVE');
  }, 'all collectors LIVE');
}

/** A record of the program's log, as the API gives it. */
export interface LogNode {
  readonly event: string;
  readonly level: string;
  readonly exchange: string | null;
  readonly symbol: string | null;
  readonly message: string;
}

/**
 * The records of an event, newest first, once there is one. They are asked for by the event, for any
 * number of others may follow, and waited for: the log is written some time after what it tells of.
 */
export async function logged(recorder: Recorder, event: string): Promise<LogNode[]> {
  interface Logs {
    readonly logs: { readonly edges: readonly { readonly node: LogNode }[] };
  }
  const { logs } = await eventually(
    () =>
      recorder.query<Logs>(
        `query ($event: String!) {
           logs(event: $event, first: 100) { edges { node { event level exchange symbol message } } } }`,
        { event },
      ),
    (answer) => answer.logs.edges.length > 0,
    `${event} in the log`,
  );
  return logs.edges.map(({ node }) => node);
}
