/**
 * Sends pre-rendered Upbit frames of 30 levels to every client, as fast as the client takes them.
 * In its own process, so that making frames is not part of the measurement. Prints its port.
 */
import { WebSocketServer } from 'ws';

const FRAMES = 2000;
/**
 * Levels a side that change from one frame to the next; recorded books change 2 to 3
 * (`korbit.book.whole-book`).
 */
const CHANGES = 3;

let seed = 42;
const random = (n) => {
  seed = (seed * 1664525 + 1013904223) % 4294967296;
  return Math.floor((seed / 4294967296) * n);
};
const size = () => `0.${String(random(99999999) + 1).padStart(8, '0')}`;
const levels = Array.from({ length: 30 }, (_, i) => ({
  ask: `1.${String(16539 + i).padStart(5, '0')}E8`,
  bid: `1.${String(16538 - i).padStart(5, '0')}E8`,
  askSize: size(),
  bidSize: size(),
}));
const frames = Array.from({ length: FRAMES }, (_, i) => {
  for (let c = 0; c < CHANGES; c++) {
    const level = levels[random(30)];
    if (random(2) === 0) level.askSize = size();
    else level.bidSize = size();
  }
  const units = levels
    .map(
      (l) =>
        `{"ask_price":${l.ask},"bid_price":${l.bid},"ask_size":${l.askSize},"bid_size":${l.bidSize}}`,
    )
    .join(',');
  const time = 1790134742106 + i * 100;
  return Buffer.from(
    `{"type":"orderbook","code":"KRW-BTC","timestamp":${time},"total_ask_size":2.51469375,"total_bid_size":1.63815297,"orderbook_units":[${units}],"stream_type":"REALTIME","level":0}`,
  );
});

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('listening', () => console.log(server.address().port));
server.on('connection', (socket) => {
  let next = 0;
  let running = false;
  const pump = () => {
    // Bounded: a socket whose peer is gone stays open, accepting everything, until its close is
    // handled.
    for (let i = 0; i < 256 && socket.bufferedAmount < 1 << 20; i++) {
      socket.send(frames[next++ % FRAMES], { binary: true });
    }
    if (socket.readyState === socket.OPEN) setTimeout(pump, 1);
  };
  socket.on('message', () => {
    if (!running) pump();
    running = true;
  });
});
