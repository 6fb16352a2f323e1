import type { IncomingMessage, ServerResponse } from 'node:http';
import { BadInputError, parseExportOptions } from '../../store/export-options.js';
import type { ExportOptions, StoreReader } from '../../store/store-types.js';
import { LIMIT_SETTINGS } from '../../settings/table.js';
import type { ApiLog } from '../log.js';
import { pipeToClient, replyError } from './reply.js';

/** Matches `/export/UPBIT.json` and `/export/UPBIT.ndjson`. */
const EXPORT_PATH = /^\/export\/([A-Za-z]+)\.(json|ndjson)$/;

/** Query parameters that an export takes, as the flags of `npm run export`. */
const PARAMETERS: readonly string[] = ['symbol', 'currency', 'from', 'to', 'shape'];

const TYPES = {
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

/** Reads what is asked for out of the path and the query parameters. */
function readOptions(exchange: string, format: string, query: URLSearchParams): ExportOptions {
  for (const name of query.keys()) {
    if (!PARAMETERS.includes(name)) {
      throw new BadInputError(`${name} is no parameter; there are ${PARAMETERS.join(', ')}`);
    }
    if (query.getAll(name).length > 1) throw new BadInputError(`${name} is given more than once`);
  }
  const given = PARAMETERS.map((name) => [name, query.get(name) ?? undefined] as const);
  return parseExportOptions({
    ...Object.fromEntries(given),
    exchange: exchange.toUpperCase(),
    format,
  });
}

/** `UPBIT-BTC-KRW-books.ndjson`; a symbol may hold characters that a header must not. */
function fileName({ exchange, symbol, currency, shape, format }: ExportOptions): string {
  const parts = [exchange, symbol, currency, shape].filter((part) => part !== undefined);
  return `${parts.join('-').replace(/[^A-Za-z0-9-]/g, '_')}.${format}`;
}

/**
 * Headers that tell of the gaps in the window of exported books: their number, and where they are.
 * The address is relative to the export's own.
 */
function gapHeaders(count: number, url: URL): Record<string, string> {
  const query = new URLSearchParams(url.searchParams);
  query.set('shape', 'gaps');
  const file = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  return { 'x-gaps': String(count), link: `<${file}?${query}>; rel="related"` };
}

/** Streams recorded books out of the database, as fast as the client takes them and no faster. */
export class ExportEndpoint {
  readonly #reader: StoreReader;
  readonly #max: number;
  readonly #log: ApiLog;
  #running = 0;

  /** @param max exports at once */
  constructor(reader: StoreReader, max: number, log: ApiLog) {
    this.#reader = reader;
    this.#max = max;
    this.#log = log;
  }

  /** Answers a request for `url` if its path is an export's; says whether it is. */
  handle(_req: IncomingMessage, res: ServerResponse, url: URL): boolean {
    const match = EXPORT_PATH.exec(url.pathname);
    if (match === null) return false;
    let options: ExportOptions;
    try {
      options = readOptions(match[1]!, match[2]!, url.searchParams);
    } catch (error) {
      if (!(error instanceof BadInputError)) throw error;
      replyError(res, 400, 'BAD_USER_INPUT', error.message);
      return true;
    }
    if (this.#running >= this.#max) {
      res.setHeader('retry-after', '10');
      replyError(
        res,
        503,
        'TOO_MANY_EXPORTS',
        `${this.#max} exports are running, as many as this server allows (${LIMIT_SETTINGS.exports.variable}); try again later`,
      );
      return true;
    }
    this.#running++;
    this.#stream(options, url, res)
      .catch((error: unknown) => {
        this.#log.error(error);
        // Once bytes are out only a cut connection tells the client that the rest is missing.
        if (res.headersSent) res.destroy();
        else replyError(res, 500, 'INTERNAL_SERVER_ERROR', 'the export failed; see the log');
      })
      .finally(() => {
        this.#running--;
      });
    return true;
  }

  async #stream(options: ExportOptions, url: URL, res: ServerResponse): Promise<void> {
    const chunks = this.#reader.exportText(options)[Symbol.asyncIterator]();
    try {
      // The first chunk is awaited before the headers, so that a failure can still have a status.
      let next = await chunks.next();
      const gaps =
        options.shape === 'gaps'
          ? {}
          : gapHeaders((await this.#reader.gapTotals(options)).count, url);
      res.writeHead(200, {
        ...gaps,
        'content-type': TYPES[options.format],
        'content-disposition': `attachment; filename="${fileName(options)}"`,
        'cache-control': 'no-store',
      });
      const rest = async function* (): AsyncIterable<string> {
        for (; next.done !== true; next = await chunks.next()) yield next.value;
      };
      await pipeToClient(rest(), res);
    } finally {
      await chunks.return?.();
    }
  }
}
