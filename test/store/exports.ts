import { execFile } from 'node:child_process';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { exportCommand } from '../../src/store/export/command.js';

/** The file of `npm run export`. */
export const COMMAND = fileURLToPath(
  new URL('../../dist/store/export/command.js', import.meta.url),
);

/** What a run of the command gave. */
export interface ExportRun {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

type Settings = Readonly<Record<string, string>>;

/** Runs the command as a process of its own: once or twice a file, for its exit code and its pipes. */
export function exportProcess(args: readonly string[], settings: Settings): Promise<ExportRun> {
  const options = { env: { ...process.env, ...settings }, maxBuffer: 1e9 };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [COMMAND, ...args], options, (_error, out, err) =>
      resolve({ code: child.exitCode, out, err }),
    );
  });
}

/**
 * Runs the command in this process, a third of the work: what it writes to standard output and error
 * is collected. One at a time.
 */
export async function exportHere(args: readonly string[], settings: Settings): Promise<ExportRun> {
  const out = new Collected();
  const err = new Collected();
  const streams = { stdout: out, stderr: err };
  const usual = Object.entries(streams).map(([name, stream]) => {
    const own = Object.getOwnPropertyDescriptor(process, name)!;
    Object.defineProperty(process, name, { configurable: true, value: stream });
    return [name, own] as const;
  });
  const environment = { ...process.env };
  Object.assign(process.env, settings);
  try {
    return { code: await exportCommand(args), out: out.text, err: err.text };
  } finally {
    for (const [name, own] of usual) Object.defineProperty(process, name, own);
    for (const name of Object.keys(process.env)) {
      if (!(name in environment)) delete process.env[name];
    }
    Object.assign(process.env, environment);
  }
}

/** A stream that keeps what is written to it. */
class Collected extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}
