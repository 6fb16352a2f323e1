import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, createGzip } from 'node:zlib';
import { completenessText, gapsOfExport, tradesNote } from '../../store/export/notes.js';
import { checkKnownMarkets } from '../../store/export/known.js';
import {
  BadInputError,
  EXPORT_INPUTS,
  parseExportOptions,
  UnknownMarketInputError,
} from '../../store/export/options.js';
import type { ExportOptions, StoreReader } from '../../store/reader-types.js';
import { LIMIT_SETTINGS } from '../../settings/table.js';
import type { ApiLog } from '../log.js';
import { pipeToClient, replyError } from './reply.js';

/** Matches `/export/UPBIT.json`, `/export/all.csv.gz` and, with the format as a parameter, `/export/UPBIT`. */
const EXPORT_PATH = /^\/export\/([A-Za-z,]+)(?:\.(json|ndjson|csv|parquet)(\.gz)?)?$/;

/** Query parameters of an export, the same as the flags of `npm run export`. */
const PARAMETERS: readonly string[] = EXPORT_INPUTS.filter((name) => name !== 'exchange');

const TYPES = {
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};

/**
 * Bytes that the compression emits at a time: each takes a turn of the event loop, which may be
 * busy.
 */
const GZIP_PIECE = 128 * 1024;

/** What a request asks for. */
interface Asked {
  readonly options: ExportOptions;
  /** Whether the file itself is compressed, not just its transfer. */
  readonly gzipped: boolean;
}

/** What path and query ask for; null when the path is not an export. @throws {BadInputError} */
function readAsked({ pathname, searchParams }: URL): Asked | null {
  const match = EXPORT_PATH.exec(pathname);
  if (match === null) return null;
  const [, exchange, ending, zip] = match;
  for (const name of searchParams.keys()) {
    if (!PARAMETERS.includes(name)) {
      throw new BadInputError(
        `${name} is not a parameter; the parameters are ${PARAMETERS.join(', ')}`,
      );
    }
    if (searchParams.getAll(name).length > 1) {
      throw new BadInputError(`${name} is given more than once`);
    }
  }
  const given = Object.fromEntries(
    PARAMETERS.map((name) => [name, searchParams.get(name) ?? undefined]),
  );
  const { format = ending } = given;
  if (ending !== undefined && format !== ending) {
    throw new BadInputError(
      `format is ${format}, but the path ends in .${ending}; give one of them`,
    );
  }
  const options = parseExportOptions({ ...given, exchange, format });
  if (options.format === 'parquet' && zip !== undefined) {
    throw new BadInputError('Parquet is already compressed; leave .gz out');
  }
  return { options, gzipped: zip !== undefined };
}

/** `2026-09-01T000000Z`: an ISO 8601 time that every file system accepts. */
function fileTime(ms: number): string {
  return new Date(ms).toISOString().replaceAll(':', '').replace('.000', '');
}

/** `UPBIT-BTC-KRW-books-2026-09-01T000000Z_2026-09-02T000000Z.ndjson`, safe for a header. */
function fileName({ options, gzipped }: Asked): string {
  const { exchanges, symbol, currency, shape, format, from, to } = options;
  const window =
    from === undefined && to === undefined
      ? undefined
      : `${from === undefined ? 'start' : fileTime(from)}_${to === undefined ? 'now' : fileTime(to)}`;
  const parts = [...exchanges, symbol, currency, shape, window];
  const name = parts.filter((part) => part !== undefined).join('-');
  return `${name.replace(/[^\w.-]/g, '_')}.${format}${gzipped ? '.gz' : ''}`;
}

/**
 * Headers with the number of gaps in an export's window and where they are listed: an address
 * relative to the export's own.
 */
function gapHeaders(count: number, url: URL, { options }: Asked): Record<string, string> {
  const query = new URLSearchParams(url.searchParams);
  for (const name of ['every', 'depth', 'format']) query.delete(name);
  query.set('shape', 'gaps');
  if (options.shape === 'trades') query.set('of', 'trades');
  const ending = options.format === 'parquet' ? 'ndjson' : options.format;
  const file = /\/([^/.]+)[^/]*$/.exec(url.pathname)![1]!;
  return { 'x-gaps': String(count), link: `<${file}.${ending}?${query}>; rel="related"` };
}

/** Streams recorded books from the database, as fast as the client reads and no faster. */
export class ExportEndpoint {
  readonly #reader: StoreReader;
  readonly #max: number;
  readonly #log: ApiLog;
  #running = 0;

  /** @param max concurrent exports */
  constructor(reader: StoreReader, max: number, log: ApiLog) {
    this.#reader = reader;
    this.#max = max;
    this.#log = log;
  }

  /** Answers a request for `url` if its path is an export; returns whether it is. */
  handle(req: IncomingMessage, res: ServerResponse, url: URL): boolean {
    let asked: Asked | null;
    try {
      asked = readAsked(url);
    } catch (error) {
      if (!(error instanceof BadInputError)) throw error;
      replyError(res, 400, 'BAD_USER_INPUT', error.message);
      return true;
    }
    if (asked === null) return false;
    if (this.#running >= this.#max) {
      res.setHeader('retry-after', '10');
      replyError(
        res,
        503,
        'TOO_MANY_EXPORTS',
        `${this.#max} exports are running, the most this server allows (${LIMIT_SETTINGS.exports.variable}); try again later`,
      );
      return true;
    }
    this.#running++;
    this.#answer(asked, req, res, url)
      .catch((error: unknown) => {
        if (error instanceof UnknownMarketInputError) {
          return replyError(res, 404, 'UNKNOWN_MARKET', error.message);
        }
        this.#log.error(error);
        // Once bytes are out, only a cut connection tells the client that the rest is missing.
        if (res.headersSent) res.destroy();
        else replyError(res, 500, 'INTERNAL_SERVER_ERROR', 'the export failed; see the log');
      })
      .finally(() => {
        this.#running--;
      });
    return true;
  }

  async #answer(asked: Asked, req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
    const { options } = asked;
    await checkKnownMarkets(this.#reader, options);
    const headers = {
      'content-type': asked.gzipped ? 'application/gzip' : TYPES[options.format],
      'content-disposition': `attachment; filename="${fileName(asked)}"`,
      'cache-control': 'no-store',
    };
    const notes = async (): Promise<Record<string, string>> => {
      if (options.shape === 'gaps') return {};
      const isTrades = options.shape === 'trades';
      const note = isTrades ? await tradesNote(this.#reader, options) : null;
      const trades = isTrades ? await this.#reader.tradeTotals(options) : null;
      const gaps = trades?.gaps ?? (await gapsOfExport(this.#reader, options));
      const known = trades === null ? '' : completenessText(trades);
      return {
        ...gapHeaders(gaps.count, url, asked),
        ...(known === '' ? {} : { 'x-trade-completeness': known }),
        ...(note === null ? {} : { 'x-note': note.replace(/[^ -~]/g, '?') }),
      };
    };
    if (req.method === 'HEAD') {
      res.writeHead(200, { ...headers, ...(await notes()) }).end();
    } else if (options.format === 'parquet') await this.#sendFile(options, res, headers, notes);
    else await this.#stream(asked, req, res, headers, notes);
  }

  async #stream(
    { options, gzipped }: Asked,
    req: IncomingMessage,
    res: ServerResponse,
    headers: Readonly<Record<string, string>>,
    notes: () => Promise<Record<string, string>>,
  ): Promise<void> {
    const encoded =
      !gzipped &&
      /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\b)/.test(req.headers['accept-encoding']?.toString() ?? '');
    const level = gzipped ? constants.Z_DEFAULT_COMPRESSION : constants.Z_BEST_SPEED;
    const chunks = this.#reader.exportText(options)[Symbol.asyncIterator]();
    try {
      // The first chunk is awaited before the headers, so that a failure can still have a status.
      let next = await chunks.next();
      res.appendHeader('vary', 'accept-encoding');
      res.writeHead(200, {
        ...(await notes()),
        ...headers,
        ...(encoded ? { 'content-encoding': 'gzip' } : {}),
      });
      const text = async function* (): AsyncIterable<string> {
        for (; next.done !== true; next = await chunks.next()) yield next.value;
      };
      await pipeToClient(
        text(),
        res,
        gzipped || encoded ? createGzip({ level, chunkSize: GZIP_PIECE }) : null,
      );
    } finally {
      await chunks.return?.();
    }
  }

  /** Writes the file in a separate process, sends it and removes it. */
  async #sendFile(
    options: ExportOptions,
    res: ServerResponse,
    headers: Readonly<Record<string, string>>,
    notes: () => Promise<Record<string, string>>,
  ): Promise<void> {
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    const folder = await mkdtemp(join(tmpdir(), 'orderbook-export-'));
    try {
      const file = join(folder, 'export.parquet');
      try {
        await this.#reader.exportFile(options, file, gone.signal);
      } catch (error) {
        if (gone.signal.aborted) return;
        throw error;
      }
      const length = (await stat(file)).size;
      res.writeHead(200, { ...(await notes()), ...headers, 'content-length': length });
      await pipeToClient(createReadStream(file) as AsyncIterable<Buffer>, res);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
