import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { FeedContext } from '../../src/collector/feed.js';
import { LimitBoard } from '../../src/collector/limits/limit-board.js';
import { RestClient } from '../../src/collector/rest/rest-client.js';
import type { WSFeed } from '../../src/collector/socket/ws-feed.js';
import { closeAfterTest } from './at-once.js';
import { RecordingHost } from './recording-host.js';

/** A WebSocket server in the place of an exchange, and the feed that it serves, until the test of `atOnce` ends. */
export class FeedStandIn {
  readonly host = new RecordingHost();
  readonly limits = new LimitBoard();
  /** The feed under test; set by the test. */
  feed!: WSFeed;
  /** Connections that were accepted. */
  connects = 0;
  #server!: WebSocketServer;

  constructor() {
    closeAfterTest(() => this.#close());
  }

  /** Hands every connection to `serve`. @returns what a controller needs to come here */
  async listen(serve: (socket: WebSocket) => void): Promise<FeedContext> {
    this.#server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    this.#server.on('connection', (socket) => {
      this.connects++;
      serve(socket);
    });
    await new Promise<void>((resolve) => this.#server.once('listening', resolve));
    const wsUrl = `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return {
      exchange: 'UPBIT',
      urls: { wsUrl, restUrl: 'http://127.0.0.1:9' },
      host: this.host,
      rest: new RestClient('http://127.0.0.1:9', 1000),
      limits: this.limits,
      clock: Date.now,
      random: () => 0,
      gopaxKeys: null,
      bithumbPollMs: 20,
      trades: false,
    };
  }

  /** Sockets that are open. */
  get open(): number {
    return this.#server.clients.size;
  }

  /** How many markets have had a book. */
  get covered(): number {
    return this.host.covered.size;
  }

  /** How many markets the feed puts on one socket now. */
  get capacity(): number {
    return this.limits.states.find((limit) => limit.name === 'WS_MARKETS')!.value;
  }

  async #close(): Promise<void> {
    await this.feed.close();
    for (const socket of this.#server.clients) socket.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** So many pairs, `C0-KRW` and on. */
export const codes = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `C${i}-KRW`);
