import type { Trade } from '../../market/trade.js';
import { type Cell, type Column, columns, MARKET_COLUMNS } from './columns.js';
import { type ExportFormat, marketCells, TARDIS_COLUMNS, tardisCells } from './shapes.js';

/** What is exported of each trade. */
interface TradeCells {
  readonly columns: readonly Column[];
  readonly cells: (trade: Trade) => Cell[];
}

/** All that is known of a trade; the names are those of the API. */
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
  ],
  cells: (trade) => [
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
  ],
};

/** The columns of the trades of tardis.dev. */
const TARDIS: TradeCells = {
  columns: [
    ...TARDIS_COLUMNS,
    ...columns('text', 'id'),
    ...columns('word', 'side'),
    ...columns('decimal', 'price amount'),
  ],
  cells: (trade) => [
    ...tardisCells(trade.market, trade),
    trade.tradeId,
    trade.side,
    trade.price,
    trade.volume,
  ],
};

/** What an export of trades gives of each: as CSV what tardis.dev defines, else all that is known. */
export function tradeCells(format: ExportFormat): TradeCells {
  return format === 'csv' ? TARDIS : OWN;
}
