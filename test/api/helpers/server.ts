import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type ExecutionResult, print } from 'graphql';
import { Bus } from '../../../src/bus.js';
import { type Api, type ApiOptions, createApi } from '../../../src/api/server.js';
import type { StoreStats } from '../../../src/store/store-types.js';
import { MemoryControl } from './memory-control.js';
import { MemoryReader } from './memory-reader.js';

/** A served API with the collaborators behind it. */
export interface TestServer {
  readonly url: string;
  readonly api: Api;
  readonly bus: Bus;
  readonly reader: MemoryReader;
  readonly control: MemoryControl;
  readonly stats: { -readonly [K in keyof StoreStats]: StoreStats[K] };
  /** Errors that the API reported. */
  readonly errors: unknown[];
  /** Runs a typed operation by HTTP POST. */
  run<R, V>(
    document: TypedDocumentNode<R, V>,
    variables?: V,
    headers?: Record<string, string>,
  ): Promise<ExecutionResult<R>>;
  /** Posts an operation's text and gives the whole answer. */
  post(
    query: string,
    variables?: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<ExecutionResult<Record<string, unknown>>>;
}

/** Serves on a random port of the loopback. Close `api` at the end of the test. */
export async function serve(more: Partial<ApiOptions> = {}): Promise<TestServer> {
  const bus = more.bus ?? new Bus();
  const reader = new MemoryReader();
  const control = new MemoryControl();
  const errors: unknown[] = [];
  const stats: TestServer['stats'] = {
    queuedBooks: 0,
    queuedBytes: 0,
    storedBooks: 0,
    storedTrades: 0,
    droppedTrades: 0,
    droppedBooks: 0,
    droppedRecords: 0,
    lastFlushMs: null,
    flushMs: 100,
    failure: null,
    retentionHeld: null,
    disk: {
      databaseBytes: 4096,
      maxDatabaseBytes: null,
      freeBytes: 1e12,
      growthBytesPerDay: null,
      daysUntilFull: null,
      warning: null,
    },
  };
  const nothing = (): void => undefined;
  const api = createApi({
    bus,
    reader,
    control,
    stats: () => stats,
    sequences: () => ({ newest: bus.lastSequence, settled: bus.lastSequence }),
    host: '127.0.0.1',
    port: 0,
    apiToken: null,
    version: '1.2.3',
    log: { debug: nothing, info: nothing, warn: nothing, error: (error) => errors.push(error) },
    ...more,
  });
  const { url } = await api.listen();

  const post: TestServer['post'] = async (query, variables, headers) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as ExecutionResult<Record<string, unknown>>;
  };
  return {
    url,
    api,
    bus,
    reader,
    control,
    stats,
    errors,
    post,
    run: async (document, variables, headers) =>
      (await post(print(document), variables as Record<string, unknown>, headers)) as never,
  };
}

/** The code of the first error of an answer. */
export function codeOf(result: ExecutionResult<unknown>): unknown {
  return result.errors?.[0]?.extensions?.['code'];
}
