import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate as loopTurn } from 'node:timers/promises';
import type { Bus } from '../bus.js';
import type { CollectorControl } from '../market/collector-control.js';
import type { StoreReader } from '../store/reader-types.js';
import type { SequenceState, StoreStats } from '../store/store-types.js';
import { BookRoutes } from '../live/book-routes.js';
import { BookTail } from '../live/book-tail.js';
import { TradeTail } from '../live/trade-tail.js';
import { LiveStreams } from '../live/live-streams.js';
import type { ApiServices } from './context.js';
import { graphiqlPage } from './graphql/graphiql.js';
import { createGraphqlHttp } from './graphql/http.js';
import { SseStreams } from './graphql/sse.js';
import { createGraphqlWebSocket } from './graphql/websocket.js';
import { createApiYoga, GRAPHQL_PATH } from './graphql/yoga.js';
import type { AlertCounts } from './http/alert-counts.js';
import { Connections } from './http/connections.js';
import { DashboardFiles } from './http/dashboard.js';
import { ExportEndpoint } from './http/export.js';
import { Gate } from './http/gate.js';
import { readHealth } from './http/health.js';
import { hostCheck } from './http/host-check.js';
import { Metrics } from './http/metrics.js';
import { type Refusal, refuseOnSocket } from './http/refusal.js';
import { createRouter } from './http/router.js';
import { asksForWebSocket } from './http/upgrade.js';
import { KnownMarkets } from './known-markets.js';
import { type ApiLimits, DEFAULT_LIMITS } from '../settings/config.js';
import { type ApiLog, SILENT_LOG } from './log.js';
import { RecorderMeter } from './recorder-meter.js';
import type { Verdict } from './verdict/judge.js';
import { VerdictWatch } from './verdict/watch.js';

/** What the API is built from and how it should serve. */
export interface ApiOptions {
  readonly bus: Bus;
  readonly reader: StoreReader;
  readonly stats: () => StoreStats;
  /** Progress of numbering and writing books. */
  readonly sequences: () => SequenceState;
  /** As reported by the store; absent where every book is kept. */
  readonly unkeptAt?: ApiServices['unkeptAt'];
  readonly control: CollectorControl;
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on; 0 picks a free one. */
  readonly port: number;
  /** Token required by mutations; null: none. */
  readonly apiToken: string | null;
  /** Version of the program, shown by `/health` and `/metrics`. */
  readonly version: string;
  /** Whether `/metrics` has series for each market; no when absent. */
  readonly metricsMarkets?: boolean;
  /** Counts of alerts; null when no webhook is set. */
  readonly alerts?: () => AlertCounts | null;
  /** Lines that standard output did not take; none when absent. */
  readonly consoleLinesLeftOut?: () => number;
  /** Where the API reports its own problems; nowhere when absent. */
  readonly log?: ApiLog;
  /** Additional `Host` names to answer to, such as that of a reverse proxy. */
  readonly allowedHosts?: readonly string[];
  /** Origins of other sites whose pages may use the API, as browsers write them. */
  readonly corsOrigins?: readonly string[];
  /** Limits that differ from {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<ApiLimits>;
  /** A client that stops reading is disconnected after this time, ms; 60000 when absent. */
  readonly readerIdleMs?: number;
  /** Called with the transport and address of a client disconnected for that reason. */
  readonly onReaderIdle?: (reader: string, idleMs: number) => void;
  /** Keep-alive interval of silent streams and connections, ms; 12000 when absent. */
  readonly keepAliveMs?: number;
  /** Whether equal subscriptions are executed once; true when absent, false for measurements. */
  readonly shareSubscriptions?: boolean;
  /** How long `close()` waits for clients before cutting them off, ms; 5000 when absent. */
  readonly closeGraceMs?: number;
  /** Folder of the built dashboard; this program's own when absent. */
  readonly dashboardPath?: string;
}

/** The API server. */
export interface Api {
  /**
   * Starts serving and returns the address to open.
   * @throws {Error} with a one-line message when the address cannot be bound
   */
  listen(): Promise<{ url: string }>;
  /**
   * Stops: no new connections, and live streams end with a clean `complete`; clients that stay
   * beyond the grace period are cut off. Safe to call again.
   */
  close(): Promise<void>;
  /** Number of open live subscriptions. */
  readonly readers: number;
  /** The recorder's current state. */
  readonly verdict: Verdict;
}

/** A client that stops reading is disconnected after this time by default, ms. */
const DEFAULT_READER_IDLE_MS = 60_000;
/** Keep-alive interval of silent streams and connections, ms. */
const KEEP_ALIVE_MS = 12_000;
/** Check interval for slow requests, ms; with Node's own 30 s, each could be that late. */
const CHECK_MS = 1_000;

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const where = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    return new Error(
      `cannot listen on ${where}: the port is in use by another program; stop it or set PORT to a free one`,
      { cause: error },
    );
  }
  const hint =
    error.code === 'EACCES'
      ? 'this port needs elevated privileges; set PORT to 1024 or above'
      : error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND'
        ? 'HOST is not an address of this machine; use 127.0.0.1 for this machine only or 0.0.0.0 for all its addresses'
        : error.message;
  return new Error(`cannot listen on ${where}: ${hint}`, { cause: error });
}

/** An address that a browser on this machine can open. */
function urlOf(host: string, address: AddressInfo): string {
  const everywhere = host === '0.0.0.0' || host === '::' || host === '';
  const name = everywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${address.port}`;
}

/**
 * From Node 25 on the request body is read before the upgrade, so such a request cannot be parsed
 * again; but there the server asks first whether it is an upgrade.
 */
const ASKS_BEFORE_UPGRADE =
  Number.parseInt(process.versions.node, 10) >= 25
    ? { shouldUpgradeCallback: asksForWebSocket }
    : {};

const CLOSING: Refusal = {
  status: 503,
  code: 'SHUTTING_DOWN',
  message: 'the server is shutting down',
};
const NO_WEB_SOCKET: Refusal = {
  status: 404,
  code: 'NOT_FOUND',
  message: `WebSockets are served at ${GRAPHQL_PATH} only`,
};

/** Makes the API server; {@link Api.listen} starts it. */
export function createApi(options: ApiOptions): Api {
  const { bus, reader, stats, sequences, control, host, port, version } = options;
  const unkeptAt = options.unkeptAt ?? (() => null);
  const log = options.log ?? SILENT_LOG;
  const limits: ApiLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const streams = new LiveStreams({
    max: limits.subscriptions,
    maxOperations: limits.liveOperations,
    share: options.shareSubscriptions ?? true,
    onError: (error) => log.error(error),
  });
  bus.lulls.on(() => streams.hurry());
  const meter = new RecorderMeter(bus, control, stats);
  const consoleLinesLeftOut = options.consoleLinesLeftOut ?? (() => 0);
  const books = new BookRoutes(bus);
  const tail = new BookTail(books, () => sequences().newest);
  const tradeTail = new TradeTail(bus, () => sequences().newest);
  const markets = new KnownMarkets({ bus, control, reader });
  const verdict = new VerdictWatch({
    bus,
    reader,
    control,
    stats,
    consoleLinesLeftOut,
    closing: () => closing !== undefined,
  });
  const metrics = new Metrics({
    bus,
    control,
    meter,
    stats,
    streams,
    verdict,
    version,
    markets: options.metricsMarkets ?? false,
    alerts: options.alerts ?? (() => null),
    consoleLinesLeftOut,
  });
  const services = {
    bus,
    reader,
    control,
    streams,
    books,
    tail,
    tradeTail,
    markets,
    sequences,
    unkeptAt,
    meter,
    verdict,
    stats,
    version,
  };
  const yoga = createApiYoga(
    services,
    options.apiToken,
    limits,
    () => connections.unsentBytes,
    log,
  );
  const idleMs = options.readerIdleMs ?? DEFAULT_READER_IDLE_MS;
  const transport = {
    keepAliveMs: options.keepAliveMs ?? KEEP_ALIVE_MS,
    idleMs,
    onIdle: (client: string) => {
      streams.noteIdle();
      options.onReaderIdle?.(client, idleMs);
    },
    log,
  };
  const sse = new SseStreams(transport);
  const webSocket = createGraphqlWebSocket(yoga, { ...transport, limits });
  const gate = new Gate({
    hostAllowed: hostCheck(host, options.allowedHosts),
    corsOrigins: options.corsOrigins ?? [],
  });
  let closing: Promise<void> | undefined;

  const route = createRouter({
    gate,
    admit: (req, res) => connections.admit(req, res),
    graphql: createGraphqlHttp(yoga, sse),
    graphiql: graphiqlPage(options.apiToken !== null),
    health: () => readHealth({ stats, control, streams, verdict, version }),
    metrics: () => metrics.text(),
    exports: new ExportEndpoint(reader, limits.exports, log),
    dashboard: new DashboardFiles(options.dashboardPath),
    onError: (error) => log.error(error),
  });

  const server = createServer(
    {
      ...ASKS_BEFORE_UPGRADE,
      // The gate does this, with a proper message.
      requireHostHeader: false,
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.requestMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: Math.min(CHECK_MS, limits.requestMs / 2),
    },
    route,
  );
  const connections = new Connections(server, {
    max: limits.connections,
    idleMs,
    onIdle: transport.onIdle,
  });
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!asksForWebSocket(req)) {
      connections.readAgain(req, head).catch((error: unknown) => log.error(error));
      return;
    }
    connections.handOver(req.socket);
    // Without a listener a reset connection would end the process.
    socket.on('error', (error) => log.debug(error));
    const path = req.url?.split('?')[0];
    const refusal = closing !== undefined ? CLOSING : gate.refusal(req);
    if (refusal !== null) refuseOnSocket(socket, refusal);
    else if (path !== GRAPHQL_PATH) refuseOnSocket(socket, NO_WEB_SOCKET);
    else webSocket.upgrade(req, socket, head);
  });

  return {
    get readers() {
      return streams.size;
    },
    get verdict() {
      return verdict.verdict;
    },
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', (error) => reject(listenError(error, host, port)));
        server.listen(port, host, () => {
          server.removeAllListeners('error');
          server.on('error', (error) => log.error(error));
          resolve({ url: urlOf(host, server.address() as AddressInfo) });
        });
      }),
    close: () => {
      closing ??= shutDown(options.closeGraceMs ?? 5000);
      return closing;
    },
  };

  /** The order matters: streams end before their connections are asked to close. */
  async function shutDown(graceMs: number): Promise<void> {
    metrics.close();
    meter.close();
    verdict.close();
    const closed = closeServer(server);
    const cut = setTimeout(() => {
      webSocket.terminate();
      server.closeAllConnections();
    }, graceMs);
    try {
      await Promise.race([streams.close(), closed]);
      // The last messages of the streams are written in the turns after their end.
      await loopTurn();
      await loopTurn();
      webSocket.close();
      sse.close();
      await yoga.dispose();
      connections.closeIdle();
      await closed;
    } finally {
      clearTimeout(cut);
    }
  }
}

/**
 * Stops accepting connections; settles when the last one has gone, at once if there never was one.
 */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // The callback's error only says that the server was not listening.
    server.close(() => resolve());
  });
}
