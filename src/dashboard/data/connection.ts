import { signal } from '@preact/signals';
import { createClient } from 'graphql-ws';
import type { TypedDocumentString } from '../gql/graphql.js';

/** Whether live data is arriving: not yet, yes, no longer. */
export const connection = signal<'connecting' | 'open' | 'lost'>('connecting');

/** Counts the connections made: each must send again what earlier ones sent. */
export const connectionCount = signal(0);

/** Wait before reconnecting, ms: grows to {@link LONGEST_WAIT}. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 5_000;
/** How often a connection is pinged, and how long it has to answer, ms. */
const PING_EVERY = 10_000;
const PONG_WITHIN = 5_000;

const address = new URL('/graphql', location.href);
address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';

let socket: WebSocket | undefined;
let pongDue: ReturnType<typeof setTimeout> | undefined;

const client = createClient({
  url: address.href,
  lazy: false,
  // It logs its failures; `closed` below shows them to the user.
  onNonLazyError: () => undefined,
  retryAttempts: Infinity,
  shouldRetry: () => true,
  retryWait: (retries) => {
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(retries, 5));
    return new Promise((resolve) => setTimeout(resolve, wait * (0.75 + Math.random() / 2)));
  },
  keepAlive: PING_EVERY,
  on: {
    connected: (opened) => {
      socket = opened as WebSocket;
      connectionCount.value++;
      connection.value = 'open';
    },
    ping: (received) => {
      if (received) return;
      pongDue = setTimeout(() => {
        if (socket?.readyState === WebSocket.OPEN) socket.close(4408, 'No answer');
      }, PONG_WITHIN);
    },
    pong: (received) => {
      if (received) clearTimeout(pongDue);
    },
    closed: () => {
      clearTimeout(pongDue);
      connection.value = 'lost';
    },
  },
});

/** An error of the API with its code. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly closeMatches: readonly string[],
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

interface GraphqlErrorShape {
  readonly message: string;
  readonly extensions?: { readonly code?: string; readonly closeMatches?: readonly string[] };
}

function apiError(error: GraphqlErrorShape): ApiError {
  const { code = 'UNKNOWN', closeMatches = [] } = error.extensions ?? {};
  return new ApiError(error.message, code, closeMatches);
}

/** Errors that a retry cannot help. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  'UNKNOWN_MARKET',
  'BAD_USER_INPUT',
  'GRAPHQL_VALIDATION_FAILED',
]);
/** Wait before resubscribing after the server ended a subscription, ms. */
const AGAIN_AFTER = 1_000;

/**
 * Follows a subscription through lost connections until the result is called.
 * @param onError errors that a retry cannot help
 */
export function follow<R, V extends Record<string, unknown>>(
  document: TypedDocumentString<R, V>,
  variables: V,
  onData: (data: R) => void,
  onError: (error: ApiError) => void = () => undefined,
): () => void {
  let over = false;
  let leave: () => void = () => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = (): void => {
    if (over) return;
    let failed = false;
    const fail = (errors: readonly GraphqlErrorShape[]): void => {
      const error = apiError(errors[0]!);
      failed = FINAL_CODES.has(error.code);
      if (failed) onError(error);
    };
    const again = (): void => {
      if (over || failed) return;
      timer = setTimeout(begin, AGAIN_AFTER);
    };
    leave = client.subscribe<R>(
      { query: document.toString(), variables },
      {
        next: ({ data, errors }) => {
          if (over) return;
          if (errors !== undefined) fail(errors);
          else if (data) onData(data);
        },
        error: (error) => {
          if (Array.isArray(error)) fail(error as readonly GraphqlErrorShape[]);
          again();
        },
        complete: again,
      },
    );
  };
  begin();
  return () => {
    over = true;
    clearTimeout(timer);
    leave();
  };
}

/**
 * Queries the API once.
 * @param token for mutations
 * @throws {ApiError} the first error of the response; its code is `UNREACHABLE` when there is none
 */
export async function ask<R, V extends Record<string, unknown>>(
  document: TypedDocumentString<R, V>,
  variables: V,
  token: string | null = null,
): Promise<R> {
  let answer: { data?: R; errors?: readonly GraphqlErrorShape[] };
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query: document.toString(), variables }),
    });
    answer = (await response.json()) as typeof answer;
  } catch (error) {
    throw new ApiError(error instanceof Error ? error.message : String(error), 'UNREACHABLE', []);
  }
  const { data, errors } = answer;
  if (errors?.[0] !== undefined) throw apiError(errors[0]);
  return data!;
}
