/** Where the API reports what happens inside it. It never writes to the console. */
export type ApiLog = Readonly<
  Record<'debug' | 'info' | 'warn' | 'error', (...words: unknown[]) => void>
>;

const nothing = (): void => undefined;

/** Drops everything. */
export const SILENT_LOG: ApiLog = { debug: nothing, info: nothing, warn: nothing, error: nothing };
