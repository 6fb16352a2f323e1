import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';

/** A WebSocket server that plays what a test tells it: recorded frames over a real socket. */
export interface FrameServer {
  readonly url: string;
  /** Open sockets, oldest first. */
  readonly sockets: WebSocket[];
  /** Headers of every upgrade. */
  readonly headers: IncomingHttpHeaders[];
  /** Request targets of every upgrade. */
  readonly targets: string[];
  /** Text of every client message, in order. */
  readonly received: string[];
  /** Hears of each further socket. */
  onSocket(heard: (socket: WebSocket) => void): void;
  /** Sends a frame to the newest socket. */
  send(data: string, binary?: boolean): void;
  close(): Promise<void>;
}

/**
 * @param greeting sent to each socket when it opens
 * @param options more for the WebSocket server
 */
export async function frameServer(
  greeting?: string,
  options: ServerOptions = {},
): Promise<FrameServer> {
  const http: Server = createServer();
  const wss = new WebSocketServer({ ...options, server: http });
  const sockets: WebSocket[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const targets: string[] = [];
  const received: string[] = [];
  wss.on('connection', (socket, request) => {
    sockets.push(socket);
    headers.push(request.headers);
    targets.push(request.url ?? '');
    socket.on('message', (data: Buffer) => received.push(data.toString('utf8')));
    socket.on('close', () => sockets.splice(sockets.indexOf(socket), 1));
    if (greeting !== undefined) socket.send(greeting);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    sockets,
    headers,
    targets,
    received,
    onSocket: (heard) => void wss.on('connection', heard),
    send: (data, binary = false) => sockets.at(-1)!.send(data, { binary }),
    close: async () => {
      for (const socket of wss.clients) socket.terminate();
      wss.close();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
