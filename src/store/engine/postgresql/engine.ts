import type { Engine, Session, WriterSession, WriterSettings } from '../engine.js';
import { parseAddress, type PostgresAddress } from './address.js';
import { checkReadable, checkWritable, isThere } from './database.js';
import type { PoolOptions } from './pool.js';
import { PostgresSession } from './session.js';
import { PostgresWriterSession } from './writer-session.js';

/** Longest silence of a connection during a query, ms; it is then given up. */
const SILENCE_MS = 120_000;

/** A database on a PostgreSQL server. */
export class PostgresEngine implements Engine {
  readonly name: string;
  readonly #address: PostgresAddress;

  /** @param location a `postgresql://` address */
  constructor(location: string) {
    this.#address = parseAddress(location);
    this.name = this.#address.name;
  }

  openReader(): Promise<Session> {
    const options: PoolOptions = { max: 2, readonly: true, silenceMs: SILENCE_MS, lock: null };
    return PostgresSession.open(this.#address, options);
  }

  async openWriter(settings: WriterSettings): Promise<WriterSession> {
    await checkWritable(this.#address);
    return PostgresWriterSession.openToWrite(this.#address, settings);
  }

  exists(): Promise<boolean> {
    return isThere(this.#address);
  }

  async make(): Promise<void> {
    await (await this.openWriter({})).finish();
  }

  checkReadable(): Promise<void> {
    return checkReadable(this.#address);
  }
}
