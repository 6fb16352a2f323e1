import type { Gap } from '../market/gap.js';
import type { Market } from '../market/market.js';
import type { BookScan } from './book-scan.js';
import type { Client } from './connection.js';
import { decodeLevels, encodeLevels, forEachLevel } from './levels.js';
import { applyRow, rebuild, type RebuiltBook, type StoredRow } from './rebuild.js';
import type { BookShape, ExportOptions, Identified, Page } from './store-types.js';

/** Rows read at a time, and the length of text (UTF-16 units) after which a chunk is handed over. */
const PAGE_ROWS = 300;
const CHUNK_LENGTH = 128 * 1024;

/** A piece of an export. */
export interface ExportChunk {
  readonly text: string;
  /** Sequence of the last book in it; null when there is none. */
  readonly sequence: number | null;
}

/** What an export reads. */
export interface ExportSource {
  readonly client: Client;
  readonly scan: BookScan;
  /** Markets by their number. */
  readonly markets: ReadonlyMap<number, Market>;
}

/**
 * The text of a list of objects, a JSON array or an object a line, gathered until it is worth
 * handing over.
 */
class ListText {
  /** What stands between two objects. */
  readonly separator: string;
  readonly #json: boolean;
  #items: string[] = [];
  #length = 0;
  #first = true;

  constructor(format: ExportOptions['format']) {
    this.#json = format === 'json';
    this.separator = this.#json ? ',\n' : '\n';
  }

  /** Length of what has gathered, UTF-16 units. */
  get length(): number {
    return this.#length;
  }

  /** Adds the text of one object or of several with the separator between them. */
  add(objects: string): void {
    if (objects === '') return;
    this.#items.push(objects);
    this.#length += objects.length;
  }

  /** Takes what has gathered; there must be something. */
  take(): string {
    const lead = this.#first ? (this.#json ? '[\n' : '') : this.separator;
    this.#first = false;
    const text = lead + this.#items.join(this.separator);
    this.#items = [];
    this.#length = 0;
    return text;
  }

  /** What ends the list, after the last {@link take}. */
  end(): string {
    if (this.#json) return this.#first ? '[]\n' : '\n]\n';
    return this.#first ? '' : '\n';
  }
}

/** Text of an export in pieces of bounded size, in order of sequence. */
export async function* exportChunks(
  source: ExportSource,
  options: { readonly shape: BookShape; readonly format: ExportOptions['format'] },
): AsyncGenerator<ExportChunk> {
  const list = new ListText(options.format);
  const write = options.shape === 'rows' ? new RowText(source) : new BookText(source);
  for (;;) {
    const rows = await source.scan.next(PAGE_ROWS);
    if (rows.length === 0) break;
    for (const row of rows) {
      list.add(await write.items(row, list.separator));
      if (list.length >= CHUNK_LENGTH) yield { text: list.take(), sequence: row.sequence };
    }
    if (list.length > 0) yield { text: list.take(), sequence: rows.at(-1)!.sequence };
  }
  const end = list.end();
  if (end !== '') yield { text: end, sequence: null };
}

/**
 * Text of the gaps of an export's window in pieces of bounded size, oldest first.
 * @param page the gaps after an id
 */
export async function* gapChunks(
  page: (after: number | undefined) => Promise<Page<Identified<Gap>>>,
  format: ExportOptions['format'],
): AsyncGenerator<ExportChunk> {
  const list = new ListText(format);
  let after: number | undefined;
  for (;;) {
    const { items, more } = await page(after);
    for (const { value } of items) list.add(gapText(value));
    if (list.length > 0) yield { text: list.take(), sequence: null };
    if (!more) break;
    after = items.at(-1)!.id;
  }
  const end = list.end();
  if (end !== '') yield { text: end, sequence: null };
}

function gapText({ market, start, end, cause, detail, attempts }: Gap): string {
  const { exchange, symbol, currency } = market;
  return JSON.stringify({ exchange, symbol, currency, start, end, cause, detail, attempts });
}

/** `"exchange":…,"symbol":…,"currency":…,"timestamp":` of each market. */
class Heads {
  readonly #heads = new Map<number, string>();

  constructor(markets: ReadonlyMap<number, Market>) {
    for (const [id, { exchange, symbol, currency }] of markets) {
      const head = JSON.stringify({ exchange, symbol, currency });
      this.#heads.set(id, `${head.slice(0, -1)},"timestamp":`);
    }
  }

  get(id: number): string {
    return this.#heads.get(id)!;
  }
}

/** The shape `rows`: each stored level an object with the seven columns. */
class RowText {
  readonly #heads: Heads;

  constructor({ markets }: ExportSource) {
    this.#heads = new Heads(markets);
  }

  items(row: StoredRow, separator: string): string {
    const head = `${this.#heads.get(row.marketId)}${row.timestamp},"side":`;
    const asks = sideText(`${head}"ask","price":"`, row.asks, separator);
    const bids = sideText(`${head}"bid","price":"`, row.bids, separator);
    return asks === '' || bids === '' ? asks + bids : `${asks}${separator}${bids}`;
  }
}

/** The objects of a side's levels; `head` is what comes before a price. */
function sideText(head: string, levels: string, separator: string): string {
  let text = '';
  // Prices and volumes are Decimal text: nothing in them needs escaping.
  const take = (price: string, volume: string): void => {
    text += `${text === '' ? '' : separator}${head}${price}","volume":"${volume}"}`;
  };
  if (forEachLevel(levels, take)) return text;
  text = '';
  for (const [price, volume] of decodeLevels(levels)) take(price, volume);
  return text;
}

/** A market's newest book with the text of its sides. */
interface WrittenBook {
  readonly book: RebuiltBook;
  readonly asks: string;
  readonly bids: string;
}

/** The shape `books`: the whole rebuilt book at each recorded change. */
class BookText {
  readonly #source: ExportSource;
  readonly #heads: Heads;
  readonly #written = new Map<number, WrittenBook>();
  #part = 0;

  constructor(source: ExportSource) {
    this.#source = source;
    this.#heads = new Heads(source.markets);
  }

  async items(row: StoredRow): Promise<string> {
    const { client, scan } = this.#source;
    if (scan.part !== this.#part) {
      this.#written.clear();
      this.#part = scan.part;
    }
    const before = this.#written.get(row.marketId);
    const next = applyRow(before?.book ?? null, row);
    // What lies before the first exported row is read from its whole book on.
    const book = next ?? (await rebuild(client, row.marketId, row.sequence));
    if (book === null) return '';
    // Most changes touch one side: the other side, the same array, keeps its text.
    const asks = book.asks === before?.book.asks ? before.asks : encodeLevels(book.asks);
    const bids = book.bids === before?.book.bids ? before.bids : encodeLevels(book.bids);
    this.#written.set(row.marketId, { book, asks, bids });
    return (
      `${this.#heads.get(row.marketId)}${row.timestamp},"exchangeTimestamp":${row.exchangeTimestamp},` +
      `"sequence":${row.sequence},"asks":${asks},"bids":${bids}}`
    );
  }
}
