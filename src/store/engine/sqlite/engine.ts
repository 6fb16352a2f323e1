import { existsSync } from 'node:fs';
import type { Engine, Session, WriterSession, WriterSettings } from '../engine.js';
import {
  checkExisting,
  checkReadable,
  inspectFile,
  prepareDatabase,
  prepareFolder,
} from './database.js';
import { putBack } from './rescue.js';
import { SqliteSession } from './session.js';
import { SqliteWriterSession } from './writer-session.js';

/** A database in an SQLite file. */
export class SqliteEngine implements Engine {
  readonly name: string;
  readonly #path: string;
  /** A complete copy is beside the database's path, to be moved there before it is opened. */
  #copied = false;

  constructor(path: string) {
    this.name = path;
    this.#path = path;
  }

  openReader(): Promise<Session> {
    return SqliteSession.open(this.#path, { readonly: true });
  }

  async openWriter(settings: WriterSettings): Promise<WriterSession> {
    if (this.#copied) {
      await putBack(this.#path);
      this.#copied = false;
    }
    const exists = await inspectFile(this.#path);
    if (exists) await checkExisting(this.#path);
    await prepareFolder(this.#path, exists);
    return SqliteWriterSession.openLocked(this.#path, settings, () => (this.#copied = true));
  }

  async exists(): Promise<boolean> {
    return existsSync(this.#path);
  }

  async make(): Promise<void> {
    await prepareFolder(this.#path, false);
    await prepareDatabase(this.#path);
  }

  checkReadable(): Promise<void> {
    return checkReadable(this.#path);
  }
}
