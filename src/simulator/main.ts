/**
 * `npm run simulate [-- --market M --seed N --rate X --port-base P]`: the five simulated exchanges until a
 * signal; prints lines for `.env`.
 */
import { EXCHANGE_FACTS, EXCHANGES_IN_ORDER } from '../market/exchange.js';
import { loadSettings } from '../settings/config.js';
import { exitOnUsageError, readCommandLine, UsageError } from '../util/command-line.js';
import { startSimulators, type SimulatorsOptions } from './simulators.js';

const names = EXCHANGES_IN_ORDER.map((exchange) => EXCHANGE_FACTS[exchange].name);

const USAGE = `usage: npm run simulate -- [options]
  --market M     small: a handful of markets an exchange, each book changing by itself (default)
                 full: all 2,026 markets of the five exchanges at the frame rates measured in
                 September 2026, about 2,100 frames a second; for load tests
  --seed N       seed of the books, an integer (default 1)
  --rate X       1: real rhythms (default); 0: books stand still; 10: ten times faster; 1.57 with
                 --market full: the peak of 3,300 frames a second
  --port-base P  ports from P on for ${names.join(', ')}, then
                 one for control (default 46500)
The control port lists its calls at GET /: faults of each exchange (POST /upbit/garble [true]), the
counts and last books of what went out (GET /ledger), every trade of a market
(GET /ledger/upbit/BTC-KRW), the rate of the full market (POST /rate [0] pauses it) and of its
trades (POST /trade-rate [5]).`;

/** Fixed, so that the printed lines can stay in a `.env`. */
const PORT_BASE = 46_500;

function numberFlag(
  name: string,
  text: string,
  valid: (value: number) => boolean,
  wanted: string,
): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || !valid(value)) {
    throw new UsageError(`--${name} must be ${wanted}, not ${JSON.stringify(text)}`);
  }
  return value;
}

/** Options from the command line. */
function readFlags(): SimulatorsOptions {
  const { values } = readCommandLine({
    usage: USAGE,
    options: {
      market: { type: 'string' },
      seed: { type: 'string' },
      rate: { type: 'string' },
      'port-base': { type: 'string' },
    },
  });
  const { seed = '1', rate = '1', 'port-base': portBase = `${PORT_BASE}` } = values;
  const { market = 'small' } = values;
  if (market !== 'small' && market !== 'full') {
    throw new UsageError(`--market must be small or full, not ${JSON.stringify(market)}`);
  }
  return {
    market,
    seed: numberFlag('seed', seed, Number.isInteger, 'an integer'),
    rate: numberFlag(
      'rate',
      rate,
      (value) => value >= 0 && value <= 1000,
      'a number from 0 to 1000',
    ),
    portBase: numberFlag(
      'port-base',
      portBase,
      (value) => Number.isInteger(value) && value >= 1 && value <= 65_530,
      'a port from 1 to 65530',
    ),
  };
}

async function main(): Promise<void> {
  const flags = readFlags();
  loadSettings();
  // The ledger is not read here; keeping it would only use memory.
  const simulators = await startSimulators({ ...flags, control: true, ledger: 0 });
  console.log('# simulated exchanges; these lines can be put into .env');
  for (const [name, url] of Object.entries(simulators.env)) console.log(`${name}=${url}`);
  console.log(`# faults: GET ${simulators.controlUrl} lists them; Ctrl+C ends`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await simulators.close();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof UsageError) exitOnUsageError('simulate', error);
    console.error(`simulate: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
