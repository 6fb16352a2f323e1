import type { Trade } from '../../market/trade.js';
import type { TradeCompleteness } from '../../market/trade-span.js';
import { type Cell, type Column, columns, MARKET_COLUMNS } from './columns.js';
import { type ExportFormat, marketCells, TARDIS_COLUMNS, tardisCells } from './shapes.js';

/** What is exported for each trade. */
interface TradeCells {
  readonly columns: readonly Column[];
  readonly cells: (trade: Trade, completeness: TradeCompleteness) => Cell[];
  /** Whether it includes the completeness of the trades around it. */
  readonly completeness: boolean;
}

/** Everything known about a trade; the names are those of the API. */
const OWN: TradeCells = {
  columns: [
    ...MARKET_COLUMNS,
    ...columns('time', 'timestamp exchangeTimestamp messageTimestamp'),
    ...columns('integer', 'resolutionMs sequence'),
    ...columns('text', 'tradeId'),
    ...columns('word', 'tradeIdKind side'),
    ...columns('decimal', 'price volume'),
    ...columns('word', 'origin'),
    ...columns('truth', 'backfilled'),
    ...columns('word', 'completeness'),
  ],
  completeness: true,
  cells: (trade, completeness) => [
    ...marketCells(trade.market),
    trade.timestamp,
    trade.exchangeTimestamp,
    trade.messageTimestamp,
    trade.resolutionMs,
    trade.sequence,
    trade.tradeId,
    trade.idKind,
    trade.side,
    trade.price,
    trade.volume,
    trade.origin,
    trade.origin === 'BACKFILL',
    completeness,
  ],
};

/** Columns of tardis.dev's trades. */
const TARDIS: TradeCells = {
  columns: [
    ...TARDIS_COLUMNS,
    ...columns('text', 'id'),
    ...columns('word', 'side'),
    ...columns('decimal', 'price amount'),
  ],
  completeness: false,
  cells: (trade) => [
    ...tardisCells(trade.market, trade),
    trade.tradeId,
    trade.side,
    trade.price,
    trade.volume,
  ],
};

/** What an export of trades contains: in CSV as defined by tardis.dev, otherwise everything known. */
export function tradeCells(format: ExportFormat): TradeCells {
  return format === 'csv' ? TARDIS : OWN;
}
