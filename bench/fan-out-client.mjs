/**
 * The readers of the fan-out benchmark, in a separate process: opens sockets, counts the bytes that
 * arrive without parsing them, and reports to the parent.
 */
import { once } from 'node:events';
import { connect } from 'node:net';

let received = 0;
/** Bytes of one event for one reader; unknown at first. */
let step = Infinity;
/** How many readers have had each event, by its number. */
const had = [];
const sockets = [];
/** Let each reader count its bytes from 0. */
const restarts = [];

/** Sends each text of `talk` and waits for an answer that contains the text after it, if there is one. */
async function open(port, talk) {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  for (const [said, expected] of talk) {
    socket.write(said);
    let answer = '';
    while (expected !== undefined && !answer.includes(expected)) {
      const [chunk] = await once(socket, 'data');
      answer += chunk.toString('latin1');
    }
  }
  let bytes = 0;
  let event = 0;
  restarts.push(() => (bytes = 0));
  socket.on('data', (chunk) => {
    received += chunk.length;
    bytes += chunk.length;
    for (; bytes >= (event + 1) * step; event++) {
      had[event] = (had[event] ?? 0) + 1;
      // Reported when the slowest has it.
      if (had[event] === sockets.length) process.send({ events: event + 1 });
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
  raw: (port) => open(port, [[UPGRADE, '\r\n\r\n']]),
  ws: (port, query, i) => {
    // An id of its own, as clients that make random ids send it.
    const id = `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
    return open(port, [
      [UPGRADE, '\r\n\r\n'],
      [maskedText('{"type":"connection_init"}'), 'connection_ack'],
      [maskedText(JSON.stringify({ id, type: 'subscribe', payload: { query } }))],
    ]);
  },
  sse: (port, query) => {
    const body = JSON.stringify({ query });
    const hello =
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
      `Accept: text/event-stream\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    return open(port, [[hello, '\r\n\r\n']]);
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
    for (const restart of restarts) restart();
    process.send({ stepping: true });
  } else if (message.close !== undefined) {
    for (const socket of sockets) socket.destroy();
    process.exit(0);
  }
});
