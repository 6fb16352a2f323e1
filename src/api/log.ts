/** Where the API reports internal events. It never writes to the console itself. */
export type ApiLog = Readonly<
  Record<'debug' | 'info' | 'warn' | 'error', (...words: unknown[]) => void>
>;

const nothing = (): void => undefined;

/** Discards everything. */
export const SILENT_LOG: ApiLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };
