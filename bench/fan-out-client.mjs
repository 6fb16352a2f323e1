/**
 * The readers of the fan-out benchmark, in a process of their own: opens sockets, counts the bytes
 * that arrive and tells the parent, without looking into them.
 */
import { once } from 'node:events';
import { connect } from 'node:net';

let received = 0;
let step = Infinity;
let told = 0;
const sockets = [];

/** Sends the beginning of a connection and waits until the answer holds `expected`. */
async function open(port, hello, expected, then) {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  socket.write(hello);
  let answer = '';
  while (!answer.includes(expected)) {
    const [chunk] = await once(socket, 'data');
    answer += chunk.toString('latin1');
  }
  for (const text of then) socket.write(maskedText(text));
  socket.on('data', (chunk) => {
    received += chunk.length;
    while (received >= told + step) {
      told += step;
      process.send({ received: told });
    }
  });
  sockets.push(socket);
}

/** A client's text frame; a mask of zeros leaves the text as it is. */
function maskedText(text) {
  const payload = Buffer.from(text);
  const long = payload.length > 125;
  const head = Buffer.alloc(long ? 8 : 6);
  head[0] = 0x81;
  head[1] = 0x80 | (long ? 126 : payload.length);
  if (long) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

const UPGRADE =
  'GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n' +
  'Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n';

const kinds = {
  raw: (port) => open(port, UPGRADE, '\r\n\r\n', []),
  ws: (port, query, i) =>
    open(port, UPGRADE, '\r\n\r\n', [
      '{"type":"connection_init"}',
      // An id of its own, as clients that make random ids send it.
      JSON.stringify({
        id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
        type: 'subscribe',
        payload: { query },
      }),
    ]),
  sse: (port, query) => {
    const body = JSON.stringify({ query });
    const hello =
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
      `Accept: text/event-stream\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    return open(port, hello, '\r\n\r\n', []);
  },
};

process.on('message', async (message) => {
  if (message.open !== undefined) {
    const { kind, port, queries } = message.open;
    for (const [i, query] of queries.entries()) await kinds[kind](port, query, i);
    process.send({ opened: true });
  } else if (message.count !== undefined) process.send({ counted: received });
  else if (message.step !== undefined) {
    step = message.step;
    told = received;
    process.send({ stepping: true });
  } else if (message.close !== undefined) {
    for (const socket of sockets) socket.destroy();
    process.exit(0);
  }
});
