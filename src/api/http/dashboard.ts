import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { replyText } from './reply.js';

/** Where the dashboard is built to, as seen from this file's source and from its build alike. */
const BUILT = fileURLToPath(new URL('../../../dist/dashboard/', import.meta.url));

/** Paths of the dashboard's pages; all serve the same page, which reads the address itself. */
const PAGES = /^\/(?:$|(?:market|history|events|quality|premium|report)(?:\/|$))/;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Shown at `/` when there is no dashboard. */
const NOT_BUILT =
  'The dashboard is not built. Start the program with "npm start", which builds it, or build it with "node scripts/prepare.mjs" and start the program again.\n\nThe API is at /graphql.\n';

/** A `Host` value that is safe to put in a header of ours. */
const HOST = /^[\w.:[\]-]{1,255}$/;

/** A file of the dashboard as served. */
interface ServedFile {
  readonly type: string;
  readonly etag: string;
  /** Whether its name changes with its contents. */
  readonly immutable: boolean;
  readonly plain: Buffer;
  readonly gzip: Buffer;
  readonly brotli: Buffer;
}

/**
 * The dashboard's content security policy: this server only. WebSocket addresses are named because
 * some browsers do not count them as `'self'`.
 */
function policy(host: string | undefined): string {
  const sockets = host !== undefined && HOST.test(host) ? ` ws://${host} wss://${host}` : '';
  return `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'${sockets}; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

const compress = { gzip: promisify(gzip), brotli: promisify(brotliCompress) };

/**
 * Serves the built dashboard from memory. Not by `sirv` (tried, 3.0.2), which serves files as it
 * found them at startup: one that a build replaces breaks off its response, one that is gone ends
 * the whole program with an error that nothing catches. It also uses the same ETag for all
 * encodings.
 *
 * The page is always revalidated (mostly answered by 304); files with a hash in their name are
 * cached forever.
 */
export class DashboardFiles {
  readonly #folder: string;
  #files: Promise<Map<string, ServedFile>> | undefined;

  /** @param folder of the built dashboard; read on the first request */
  constructor(folder: string = BUILT) {
    this.#folder = folder;
  }

  /** Answers a GET or HEAD request if its path is the dashboard's; returns whether it is. */
  async handle(req: IncomingMessage, res: ServerResponse, path: string): Promise<boolean> {
    const page = PAGES.test(path);
    if (!page && !path.startsWith('/assets/') && path !== '/favicon.svg') return false;
    const files = await this.#read();
    const file = files.get(page ? '/index.html' : path);
    if (file === undefined) {
      if (page) replyText(res, 503, 'text/plain; charset=utf-8', NOT_BUILT);
      return page;
    }
    send(file, req, res);
    return true;
  }

  /** Answers a browser at an unknown path: the page says so. False when there is no page. */
  async lost(req: IncomingMessage, res: ServerResponse): Promise<boolean> {
    const page = (await this.#read()).get('/index.html');
    if (page === undefined) return false;
    res.statusCode = 404;
    send(page, req, res);
    return true;
  }

  /** Contents of the folder. A missing folder is looked for again at the next request. */
  #read(): Promise<Map<string, ServedFile>> {
    if (this.#files !== undefined) return this.#files;
    if (!existsSync(join(this.#folder, 'index.html')))
      return Promise.resolve(new Map<string, ServedFile>());
    this.#files = readAll(this.#folder);
    this.#files.catch(() => (this.#files = undefined));
    return this.#files;
  }
}

async function readAll(folder: string): Promise<Map<string, ServedFile>> {
  const files = new Map<string, ServedFile>();
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const full = join(entry.parentPath, entry.name);
    const path = `/${full.slice(join(folder, '/').length).replaceAll('\\', '/')}`;
    const plain = await readFile(full);
    const etag = createHash('sha256').update(plain).digest('base64url').slice(0, 27);
    files.set(path, {
      type,
      etag,
      immutable: path.startsWith('/assets/'),
      plain,
      // On a separate thread: half a second in all, during which the recorder must not stall.
      gzip: await compress.gzip(plain, { level: 9 }),
      brotli: await compress.brotli(plain),
    });
  }
  return files;
}

function send(file: ServedFile, req: IncomingMessage, res: ServerResponse): void {
  const accepted = req.headers['accept-encoding']?.toString() ?? '';
  const encoding = /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : '';
  const body = encoding === 'br' ? file.brotli : encoding === 'gzip' ? file.gzip : file.plain;
  // A strong ETag names the exact bytes, which differ by encoding.
  const etag = `"${file.etag}${encoding === '' ? '' : `-${encoding}`}"`;
  const headers: Record<string, string | number> = {
    etag,
    vary: res.statusCode === 404 ? 'accept, accept-encoding' : 'accept-encoding',
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    'content-security-policy': policy(req.headers.host),
  };
  const known = req.headers['if-none-match']?.split(',').map((tag) => tag.trim()) ?? [];
  if (res.statusCode === 200 && (known.includes(etag) || known.includes('*'))) {
    res.writeHead(304, headers).end();
    return;
  }
  if (encoding !== '') headers['content-encoding'] = encoding;
  res.writeHead(res.statusCode, {
    ...headers,
    'content-type': file.type,
    'content-length': body.length,
  });
  res.end(body);
}
